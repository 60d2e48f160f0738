//! The values of one event's data, whichever encoding they came in.

use std::borrow::Cow;
use std::fmt;

use tonghop_core::day::Day;
use tonghop_core::limits::{CODE_BYTES_MAX, TEXT_BYTES_MAX};
use tonghop_core::refusal::{Refusal, RefusalCode};
use tonghop_core::unit_code::UnitCode;

use crate::json::Scalar;
use crate::kind::{FIELDS_MAX, Field, Form, Spec};
use crate::moment;
use crate::text::clean;

/// A value that is what its field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Not given.
    Absent,
    /// Text, NFC, not empty.
    Text(Cow<'a, str>),
    /// The code of a unit, in the newer form.
    Unit(Cow<'a, str>),
    /// A day or an instant, as it is written, and its local day.
    On(Cow<'a, str>, Day),
    /// A truth value.
    Flag(bool),
    /// A number of things.
    Count(u32),
    /// The number of a word of a closed set.
    Word(u8),
}

/// The values of a message, each at the place of its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Values<'a>([Value<'a>; FIELDS_MAX]);

impl<'a> Values<'a> {
    pub(crate) const fn new() -> Self {
        Self([const { Value::Absent }; FIELDS_MAX])
    }

    /// The value at this place.
    pub(crate) fn get(&self, place: usize) -> &Value<'a> {
        self.0.get(place).unwrap_or(&Value::Absent)
    }

    /// The value at this place, to be set.
    pub(crate) fn slot(&mut self, place: usize) -> Option<&mut Value<'a>> {
        self.0.get_mut(place)
    }

    /// The fields that are given, in the order of their numbers.
    pub(crate) fn given(
        &self,
        spec: &'static Spec,
    ) -> impl Iterator<Item = (&'static Field, &Value<'a>)> {
        spec.fields.iter().zip(&self.0).filter(|(_, value)| !matches!(value, Value::Absent))
    }

    /// The first required field that is missing.
    pub(crate) fn missing(&self, spec: &'static Spec) -> Option<&'static Field> {
        let mut fields = spec.fields.iter().zip(&self.0);
        fields
            .find(|(field, value)| field.required && matches!(value, Value::Absent))
            .map(|(f, _)| f)
    }

    pub(crate) fn text(&self, place: usize) -> Option<&str> {
        let Value::Text(text) = self.get(place) else { return None };
        Some(text)
    }

    pub(crate) fn unit(&self, place: usize) -> Option<UnitCode> {
        let Value::Unit(code) = self.get(place) else { return None };
        UnitCode::parse(code)
    }

    pub(crate) fn day(&self, place: usize) -> Option<Day> {
        let Value::On(_, day) = self.get(place) else { return None };
        Some(*day)
    }

    pub(crate) fn flag(&self, place: usize) -> Option<bool> {
        let Value::Flag(flag) = self.get(place) else { return None };
        Some(*flag)
    }

    pub(crate) fn count(&self, place: usize) -> Option<u32> {
        let Value::Count(count) = self.get(place) else { return None };
        Some(*count)
    }

    pub(crate) fn word(&self, place: usize) -> Option<u8> {
        let Value::Word(number) = self.get(place) else { return None };
        Some(*number)
    }
}

// Each function writes the value in its place: moving it there afterwards costs as much as reading.
impl<'a> Value<'a> {
    /// Takes what a JSON value says for the field.
    pub(crate) fn take_json(&mut self, field: &Field, scalar: Scalar<'a>) -> Result<(), Refusal> {
        match (field.form, scalar) {
            (_, Scalar::Null) => *self = Self::Absent,
            (Form::Flag, Scalar::Flag(flag)) => *self = Self::Flag(flag),
            (Form::Word(words), Scalar::Text(name)) => return self.take_word(field, words, &name),
            (Form::Word(words), Scalar::Number(number)) => match number.parse() {
                Ok(number) => return self.take_word_number(field, words, number),
                Err(_) => return Err(out_of_range(field, number)),
            },
            (Form::Count, Scalar::Number(number)) => return self.take_decimal(field, number),
            (Form::Count, Scalar::Text(number)) => return self.take_decimal(field, &number),
            (
                Form::Text | Form::Code | Form::Procedure | Form::Unit | Form::Day | Form::Moment,
                Scalar::Text(text),
            ) => return self.take_text(field, text),
            (_, Scalar::Flag(_) | Scalar::Number(_) | Scalar::Text(_) | Scalar::Nested(_)) => {
                return Err(unreadable(field));
            }
        }
        Ok(())
    }

    /// Takes what a varint of protobuf says for the field.
    pub(crate) fn take_varint(&mut self, field: &Field, number: u64) -> Result<(), Refusal> {
        match field.form {
            Form::Flag => *self = Self::Flag(number != 0),
            Form::Count => match u32::try_from(number) {
                Ok(count) if count <= field.max => *self = Self::Count(count),
                Ok(_) | Err(_) => return Err(out_of_range(field, number)),
            },
            Form::Word(words) => return self.take_word_number(field, words, number),
            Form::Text | Form::Code | Form::Procedure | Form::Unit | Form::Day | Form::Moment => {
                return Err(unreadable(field));
            }
        }
        Ok(())
    }

    /// Takes what a text says for a field that is a string; an empty one says nothing.
    pub(crate) fn take_text(&mut self, field: &Field, text: Cow<'a, str>) -> Result<(), Refusal> {
        if text.is_empty() {
            *self = Self::Absent;
            return Ok(());
        }
        match field.form {
            Form::Text => {
                let (text, _) = clean(text);
                if text.len() > TEXT_BYTES_MAX {
                    return Err(out_of_range(field, text));
                }
                *self = Self::Text(text);
            }
            Form::Code | Form::Procedure => {
                let (text, odd) = clean(text);
                if odd || text.len() > CODE_BYTES_MAX {
                    return Err(out_of_range(field, text));
                }
                *self = Self::Text(text);
            }
            Form::Unit => match UnitCode::parse(&text) {
                Some(unit) if unit.as_str() == text => *self = Self::Unit(text),
                Some(unit) => *self = Self::Unit(Cow::Owned(unit.as_str().to_owned())),
                None => return Err(out_of_range(field, text)),
            },
            Form::Day => match moment::day(&text) {
                Some(day) => *self = Self::On(text, day),
                None => return Err(out_of_range(field, text)),
            },
            Form::Moment => match moment::day_or_instant(&text) {
                Some(day) => *self = Self::On(text, day),
                None => return Err(out_of_range(field, text)),
            },
            Form::Flag | Form::Count | Form::Word(_) => return Err(unreadable(field)),
        }
        Ok(())
    }

    fn take_word(
        &mut self,
        field: &Field,
        words: &[(&str, u8)],
        name: &str,
    ) -> Result<(), Refusal> {
        *self = match words.iter().find(|(word, _)| *word == name) {
            Some((_, number)) => Self::Word(*number),
            None if name.is_empty() || name == UNSPECIFIED => Self::Absent,
            None => return Err(out_of_range(field, name)),
        };
        Ok(())
    }

    fn take_word_number(
        &mut self,
        field: &Field,
        words: &[(&str, u8)],
        number: u64,
    ) -> Result<(), Refusal> {
        *self = match words.iter().find(|(_, known)| u64::from(*known) == number) {
            Some((_, number)) => Self::Word(*number),
            None if number == 0 => Self::Absent,
            None => return Err(out_of_range(field, number.cast_signed())),
        };
        Ok(())
    }

    /// A whole number; what has a sign, a point or an exponent is none.
    fn take_decimal(&mut self, field: &Field, text: &str) -> Result<(), Refusal> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        *self = match text.parse() {
            Ok(count) if digits && count <= field.max => Self::Count(count),
            _ if text.is_empty() => Self::Absent,
            _ => return Err(out_of_range(field, text)),
        };
        Ok(())
    }
}

/// The enum value 0 of every closed set.
pub(crate) const UNSPECIFIED: &str = "UNSPECIFIED";

fn unreadable(field: &Field) -> Refusal {
    Refusal::new(RefusalCode::DataUnreadable).with("field", field.json)
}

fn out_of_range(field: &Field, value: impl fmt::Display) -> Refusal {
    Refusal::new(RefusalCode::DataOutOfRange).with("field", field.json).with("value", value)
}
