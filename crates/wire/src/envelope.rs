//! A `CloudEvent` as it came, in structured or binary mode: what is there, not yet whether it is good.

use std::borrow::Cow;

use tonghop_core::limits::PAYLOAD_BYTES_MAX;
use tonghop_core::refusal::{Refusal, RefusalCode};

use crate::data;
use crate::headers;
use crate::json::{Malformed, Scalar, Scanner};
use crate::kind::{Kind, Spec};
use crate::refused::Refused;
use crate::value::Values;

/// Characters of a source or an id that a refusal tells.
const TOLD_CHARS_MAX: usize = 200;

/// A message as the log holds it.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The NATS subject: `tonghop.v1.<unit>.<family>.<kind>`.
    pub subject: &'a str,
    /// The NATS headers, in any order and letter case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The payload.
    pub payload: &'a [u8],
}

impl Raw<'_> {
    /// The header that stands for headers which the log holds and nobody can read; its value is
    /// all of them in base64. A message with it is refused as unreadable, whatever else it says.
    pub const UNREADABLE_HEADERS: &'static str = headers::UNREADABLE;
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Attribute<'a> {
    /// Not named.
    #[default]
    Unset,
    /// Named, and `null`.
    Null,
    /// A text.
    Text(Cow<'a, str>),
    /// Neither.
    Wrong,
}

/// Where the data are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Data<'a> {
    /// Nowhere: they say nothing.
    #[default]
    Absent,
    /// Read together with the envelope, which named the type first.
    Read(Kind),
    /// A JSON value.
    Json(Scalar<'a>),
    /// A payload that should be JSON.
    JsonPayload(&'a [u8]),
    /// A payload that should be protobuf.
    Protobuf(&'a [u8]),
    /// In no encoding that the contract names.
    Foreign,
}

/// The members of a `CloudEvent` that mean something, in the order in which the contract lists
/// them, and in which most clients write them.
const NAMES: [&str; 12] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "unit",
    "sequence",
    "replaces",
    "data",
    "datacontenttype",
    "data_base64",
];

/// The place of each in [`NAMES`].
pub(crate) const SPECVERSION: usize = 0;
pub(crate) const ID: usize = 1;
pub(crate) const SOURCE: usize = 2;
pub(crate) const TYPE: usize = 3;
pub(crate) const SUBJECT: usize = 4;
pub(crate) const TIME: usize = 5;
pub(crate) const UNIT: usize = 6;
pub(crate) const SEQUENCE: usize = 7;
pub(crate) const REPLACES: usize = 8;
const DATA: usize = 9;
const CONTENT_TYPE: usize = 10;
const DATA_BASE64: usize = 11;

/// Members that may be left out one after another.
const LEFT_OUT: usize = 3;

/// What a `CloudEvent` says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope<'a> {
    attributes: [Attribute<'a>; NAMES.len()],
    data: Data<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads a message in any of the encodings.
    pub(crate) fn read(&mut self, raw: &Raw<'a>, values: &mut Values<'a>) -> Result<(), Refused> {
        if raw.payload.len() > PAYLOAD_BYTES_MAX {
            let refusal = Refusal::new(RefusalCode::SizeExceeded)
                .with("bytes", raw.payload.len())
                .with("limit", PAYLOAD_BYTES_MAX);
            let named = self.binary(raw.headers, &[]).map_err(|_| unreadable());
            return Err(named.map_or_else(|refused| refused, |()| self.refused(refusal)));
        }
        let read = match headers::mode(raw.headers) {
            headers::Mode::Structured => self.structured(raw.payload, values),
            headers::Mode::Binary => self.binary(raw.headers, raw.payload),
            headers::Mode::Foreign => Err(Malformed),
        };
        read.map_err(|Malformed| unreadable())
    }

    /// Reads one JSON object that holds the attributes and the data.
    pub(crate) fn structured(
        &mut self,
        payload: &'a [u8],
        values: &mut Values<'a>,
    ) -> Result<(), Malformed> {
        let text = std::str::from_utf8(payload).map_err(|_| Malformed)?;
        let mut scanner = Scanner::new(text);
        let mut extensions: Vec<Cow<'a, str>> = Vec::new();
        let mut goes_on = scanner.object()?;
        let mut likely = 0;
        while goes_on {
            match next_member(likely, &mut scanner)? {
                Member::Known(DATA) => {
                    self.take_data(&mut scanner, values)?;
                    likely = DATA + 1;
                }
                Member::Known(place) => {
                    self.set(place, Attribute::of(scanner.value()?))?;
                    likely = place + 1;
                }
                Member::Extension(name) => {
                    scanner.value()?;
                    extensions.push(name);
                }
            }
            goes_on = scanner.more()?;
        }
        scanner.end()?;
        extensions.sort_unstable();
        if extensions.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(Malformed);
        }
        Ok(())
    }

    /// Reads attributes from headers; the payload is the data.
    fn binary(
        &mut self,
        headers: &[(&'a str, &'a str)],
        payload: &'a [u8],
    ) -> Result<(), Malformed> {
        let mut body_type = None;
        for (name, value) in headers {
            if name.eq_ignore_ascii_case(headers::CONTENT_TYPE) {
                body_type = Some(*value);
            }
            let Some(name) = headers::attribute(name) else { continue };
            let Some(place) = place_of(&name).filter(|place| *place != DATA) else { continue };
            self.set(place, headers::decode(value).map_or(Attribute::Wrong, Attribute::Text))?;
        }
        let data_type = self.text(CONTENT_TYPE).or(body_type).map(headers::data_type);
        self.data = match data_type {
            _ if payload.is_empty() => Data::Absent,
            None | Some(headers::DataType::Json) => Data::JsonPayload(payload),
            Some(headers::DataType::Protobuf) => Data::Protobuf(payload),
            Some(headers::DataType::Foreign) => Data::Foreign,
        };
        Ok(())
    }

    /// Sets what was unset.
    fn set(&mut self, place: usize, value: Attribute<'a>) -> Result<(), Malformed> {
        match self.attributes.get_mut(place) {
            Some(slot @ Attribute::Unset) => {
                *slot = value;
                Ok(())
            }
            Some(Attribute::Null | Attribute::Text(_) | Attribute::Wrong) | None => Err(Malformed),
        }
    }

    /// The name of a place and what is there.
    pub(crate) fn attribute(&self, place: usize) -> (&'static str, &Attribute<'a>) {
        let name = NAMES.get(place).copied().unwrap_or_default();
        (name, self.attributes.get(place).unwrap_or(&Attribute::Unset))
    }

    /// The text of an attribute, if it is one.
    pub(crate) fn text(&self, place: usize) -> Option<&str> {
        if let (_, Attribute::Text(text)) = self.attribute(place) { Some(text) } else { None }
    }

    /// The attributes of an event that are given, in the order of the contract.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let places = SPECVERSION..=REPLACES;
        let given = |place| self.text(place).filter(|text| !text.is_empty());
        places.filter_map(move |place| Some((self.attribute(place).0, given(place)?)))
    }

    /// Reads the data in one go if the type is known by now and they are good; a refusal of the
    /// data waits until the attributes have been found good, and is then found again.
    fn take_data(
        &mut self,
        scanner: &mut Scanner<'a>,
        values: &mut Values<'a>,
    ) -> Result<(), Malformed> {
        self.set(DATA, Attribute::Wrong)?;
        if let Some(kind) = self.text(TYPE).and_then(kind_name).and_then(Kind::parse) {
            let mut ahead = scanner.clone();
            if data::read_object(kind.spec(), &mut ahead, values).is_ok() {
                self.data = Data::Read(kind);
                *scanner = ahead;
                return Ok(());
            }
        }
        self.data = Data::Json(scanner.value()?);
        Ok(())
    }

    /// Reads what the data say, unless that was done together with the envelope.
    pub(crate) fn read_data(&self, kind: Kind, values: &mut Values<'a>) -> Result<(), Refusal> {
        let structured = matches!(self.data, Data::Read(_) | Data::Json(_));
        if let (true, Some(text)) = (structured, self.text(CONTENT_TYPE))
            && headers::data_type(text) != headers::DataType::Json
        {
            return Err(bad_data().with("content_type", text));
        }
        let spec: &'static Spec = kind.spec();
        match &self.data {
            Data::Read(_) | Data::Absent | Data::Json(Scalar::Null) => Ok(()),
            Data::Json(Scalar::Nested(text)) => data::read_json(spec, text, values),
            Data::Json(Scalar::Flag(_) | Scalar::Number(_) | Scalar::Text(_)) => Err(bad_data()),
            Data::JsonPayload(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => data::read_json(spec, text, values),
                Err(_) => Err(bad_data()),
            },
            Data::Protobuf(bytes) => data::read_protobuf(spec, bytes, values),
            Data::Foreign => {
                Err(bad_data().with("content_type", self.text(CONTENT_TYPE).unwrap_or_default()))
            }
        }
    }

    /// The kind that the type names.
    pub(crate) fn known_kind(&self) -> Option<Kind> {
        if let Data::Read(kind) = self.data {
            return Some(kind);
        }
        self.text(TYPE).and_then(kind_name).and_then(Kind::parse)
    }

    /// Whether the data come as base64, which the contract does not know.
    pub(crate) fn has_base64(&self) -> bool {
        !matches!(self.attribute(DATA_BASE64).1, Attribute::Unset | Attribute::Null)
    }

    /// The refusal with what is known of the event.
    pub(crate) fn refused(&self, refusal: Refusal) -> Refused {
        let known =
            |place| self.text(place).map(|text| text.chars().take(TOLD_CHARS_MAX).collect());
        Refused { refusal, source: known(SOURCE), id: known(ID) }
    }
}

impl<'a> Attribute<'a> {
    fn of(scalar: Scalar<'a>) -> Self {
        match scalar {
            Scalar::Text(text) => Self::Text(text),
            Scalar::Null => Self::Null,
            Scalar::Flag(_) | Scalar::Number(_) | Scalar::Nested(_) => Self::Wrong,
        }
    }
}

/// A member of a structured event.
enum Member<'a> {
    /// The place of its name.
    Known(usize),
    /// The name of an extension attribute.
    Extension(Cow<'a, str>),
}

fn next_member<'a>(mut likely: usize, scanner: &mut Scanner<'a>) -> Result<Member<'a>, Malformed> {
    for name in NAMES.get(likely..).unwrap_or_default().iter().take(LEFT_OUT) {
        if scanner.named(name) {
            return Ok(Member::Known(likely));
        }
        likely += 1;
    }
    let name = scanner.name()?;
    Ok(place_of(&name).map_or(Member::Extension(name), Member::Known))
}

fn place_of(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| *known == name)
}

/// `dossier.accepted` of `vn.tonghop.dossier.accepted.v1`.
pub(crate) fn kind_name(kind: &str) -> Option<&str> {
    kind.strip_prefix("vn.tonghop.")?.strip_suffix(".v1")
}

/// A message in none of the encodings, of which nothing is known.
pub(crate) fn unreadable() -> Refused {
    let refusal = Refusal::new(RefusalCode::EnvelopeUnreadable);
    Refused { refusal, source: None, id: None }
}

fn bad_data() -> Refusal {
    Refusal::new(RefusalCode::DataUnreadable)
}
