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
use crate::text::{has_control, nfc};

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

    /// Sets what a field says.
    pub(crate) fn set(&mut self, place: usize, value: Value<'a>) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = value;
        }
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

impl<'a> Value<'a> {
    /// What a JSON value says for the field.
    pub(crate) fn of_json(field: &Field, scalar: Scalar<'a>) -> Result<Self, Refusal> {
        match (field.form, scalar) {
            (_, Scalar::Null) => Ok(Self::Absent),
            (Form::Flag, Scalar::Flag(flag)) => Ok(Self::Flag(flag)),
            (Form::Word(words), Scalar::Text(name)) => Self::of_word(field, words, &name),
            (Form::Word(words), Scalar::Number(number)) => match number.parse() {
                Ok(number) => Self::of_word_number(field, words, number),
                Err(_) => Err(out_of_range(field, number)),
            },
            (Form::Count, Scalar::Number(number)) => Self::of_decimal(field, number),
            (Form::Count, Scalar::Text(number)) => Self::of_decimal(field, &number),
            (
                Form::Text | Form::Code | Form::Procedure | Form::Unit | Form::Day | Form::Moment,
                Scalar::Text(text),
            ) => Self::of_text(field, text),
            (_, Scalar::Flag(_) | Scalar::Number(_) | Scalar::Text(_) | Scalar::Nested(_)) => {
                Err(unreadable(field))
            }
        }
    }

    /// What a varint of protobuf says for the field.
    pub(crate) fn of_varint(field: &Field, number: u64) -> Result<Self, Refusal> {
        match field.form {
            Form::Flag => Ok(Self::Flag(number != 0)),
            Form::Count => match u32::try_from(number) {
                Ok(count) => Ok(Self::Count(count)),
                Err(_) => Err(out_of_range(field, number)),
            },
            Form::Word(words) => Self::of_word_number(field, words, number),
            Form::Text | Form::Code | Form::Procedure | Form::Unit | Form::Day | Form::Moment => {
                Err(unreadable(field))
            }
        }
    }

    /// What a text says for a field that is a string; an empty one says nothing.
    pub(crate) fn of_text(field: &Field, text: Cow<'a, str>) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Ok(Self::Absent);
        }
        let text = nfc(text);
        let value = match field.form {
            Form::Text if text.len() <= TEXT_BYTES_MAX => Some(Self::Text(text.clone())),
            Form::Code | Form::Procedure if text.len() <= CODE_BYTES_MAX && !has_control(&text) => {
                return Ok(Self::Text(text));
            }
            Form::Unit => UnitCode::parse(&text).map(|unit| Self::Unit(code_of(unit, &text))),
            Form::Day => moment::day(&text).map(|day| Self::On(text.clone(), day)),
            Form::Moment => moment::day(&text)
                .or_else(|| moment::instant(&text).map(|(_, day)| day))
                .map(|day| Self::On(text.clone(), day)),
            Form::Text | Form::Code | Form::Procedure => None,
            Form::Flag | Form::Count | Form::Word(_) => return Err(unreadable(field)),
        };
        value.ok_or_else(|| out_of_range(field, text))
    }

    fn of_word(field: &Field, words: &[(&str, u8)], name: &str) -> Result<Self, Refusal> {
        match words.iter().find(|(word, _)| *word == name) {
            Some((_, number)) => Ok(Self::Word(*number)),
            None if name.is_empty() || name == UNSPECIFIED => Ok(Self::Absent),
            None => Err(out_of_range(field, name)),
        }
    }

    fn of_word_number(field: &Field, words: &[(&str, u8)], number: u64) -> Result<Self, Refusal> {
        match words.iter().find(|(_, known)| u64::from(*known) == number) {
            Some((_, number)) => Ok(Self::Word(*number)),
            None if number == 0 => Ok(Self::Absent),
            None => Err(out_of_range(field, number.cast_signed())),
        }
    }

    /// A whole number; what has a sign, a point or an exponent is none.
    fn of_decimal(field: &Field, text: &str) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Ok(Self::Absent);
        }
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(count) if digits => Ok(Self::Count(count)),
            _ => Err(out_of_range(field, text)),
        }
    }
}

fn code_of<'a>(unit: UnitCode, text: &Cow<'a, str>) -> Cow<'a, str> {
    if unit.as_str() == text { text.clone() } else { Cow::Owned(unit.as_str().to_owned()) }
}

/// The enum value 0 of every closed set.
pub(crate) const UNSPECIFIED: &str = "UNSPECIFIED";

fn unreadable(field: &Field) -> Refusal {
    Refusal::new(RefusalCode::DataUnreadable).with("field", field.json)
}

fn out_of_range(field: &Field, value: impl fmt::Display) -> Refusal {
    Refusal::new(RefusalCode::DataOutOfRange).with("field", field.json).with("value", value)
}
