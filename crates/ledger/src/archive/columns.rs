//! The columns of a segment: the same for all families, so that all segments are read as one table.
//!
//! The columns of the families come from the contract: `dossier_due_on` is the field `due_on` of
//! any kind of the family `dossier`. A column is null where the message does not say it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type, ZstdLevel};
use parquet::errors::Result;
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesPtr, WriterVersion,
};
use parquet::schema::types::{ColumnPath, Type as Schema, TypePtr};
use tonghop_wire::kind::{Form, Kind};

/// What the file says of who wrote it: the layout, and no version of the program, for the same
/// messages give the same bytes.
const CREATED_BY: &str = "tonghop archive, layout 1";
/// Levels beyond the first cost more than they save.
const ZSTD_LEVEL: i32 = 1;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// A signed number.
    Number,
    /// A number of any size, from 0.
    Unsigned,
    /// Milliseconds since 1970 in UTC.
    Moment,
    /// A day.
    Day,
    /// A truth value.
    Flag,
    /// UTF-8.
    Text,
    /// A JSON text.
    Json,
    /// Bytes.
    Bytes,
    /// 32 bytes.
    Hash,
}

/// How the values of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// Few different ones.
    Dictionary,
    /// Each near the one before.
    Delta,
    /// As they are; nobody searches by them.
    Opaque,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) of: Of,
    required: bool,
    written: Written,
}

/// The columns of a segment, and which of them a message's values go to.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) list: Vec<Column>,
    /// The column of each field of a kind.
    fields: BTreeMap<Kind, Vec<usize>>,
}

/// The places of the columns that every message has.
pub(super) mod place {
    pub(in super::super) const POSITION: usize = 0;
    pub(in super::super) const RECORDED: usize = 1;
    pub(in super::super) const UNIT: usize = 2;
    pub(in super::super) const FAMILY: usize = 3;
    pub(in super::super) const KIND: usize = 4;
    pub(in super::super) const SOURCE: usize = 5;
    pub(in super::super) const ID: usize = 6;
    pub(in super::super) const SEQUENCE: usize = 7;
    pub(in super::super) const SUBJECT: usize = 8;
    pub(in super::super) const TIME: usize = 9;
    pub(in super::super) const DAY: usize = 10;
    pub(in super::super) const REPLACES: usize = 11;
    pub(in super::super) const PREVIOUS: usize = 12;
    pub(in super::super) const SALT: usize = 13;
    pub(in super::super) const COMMITMENT: usize = 14;
    pub(in super::super) const REDACTED: usize = 15;
    pub(in super::super) const NATS_SUBJECT: usize = 16;
    pub(in super::super) const HEADERS: usize = 17;
    pub(in super::super) const PAYLOAD: usize = 18;
    pub(in super::super) const STORED: usize = 19;
    /// Those of the families follow.
    pub(in super::super) const FAMILIES: usize = 20;
}

const OF_ALL: [(&str, Of, bool, Written); place::FAMILIES] = {
    use Written::{Delta, Dictionary, Opaque};
    [
        ("position", Of::Number, true, Delta),
        ("recorded", Of::Moment, true, Delta),
        ("unit", Of::Text, false, Dictionary),
        ("family", Of::Text, false, Dictionary),
        ("kind", Of::Text, false, Dictionary),
        ("source", Of::Text, false, Dictionary),
        ("id", Of::Text, false, Delta),
        ("sequence", Of::Unsigned, false, Delta),
        ("subject", Of::Text, false, Delta),
        ("time", Of::Moment, false, Delta),
        ("day", Of::Day, false, Dictionary),
        ("replaces", Of::Text, false, Delta),
        ("previous", Of::Number, true, Delta),
        ("salt", Of::Hash, false, Opaque),
        ("commitment", Of::Hash, true, Opaque),
        ("redacted", Of::Text, false, Dictionary),
        ("nats_subject", Of::Text, false, Dictionary),
        ("headers", Of::Json, false, Dictionary),
        ("payload", Of::Bytes, false, Opaque),
        ("stored", Of::Moment, true, Delta),
    ]
};

impl Columns {
    /// Those of this version of the contract.
    pub(super) fn get() -> &'static Self {
        static COLUMNS: OnceLock<Columns> = OnceLock::new();
        COLUMNS.get_or_init(Self::of_contract)
    }

    fn of_contract() -> Self {
        let of_all = OF_ALL.map(|(name, of, required, written)| Column {
            name: name.to_owned(),
            of,
            required,
            written,
        });
        let mut list = Vec::from(of_all);
        let mut fields = BTreeMap::new();
        for kind in Kind::ALL {
            let mut places = Vec::new();
            for field in kind.spec().fields {
                let column = Column {
                    name: [kind.spec().family.word(), field.proto].join("_"),
                    of: of(field.form),
                    required: false,
                    written: Written::Dictionary,
                };
                let known = list.iter().position(|other| other.name == column.name);
                places.push(known.unwrap_or(list.len()));
                match known.and_then(|place| list.get(place)) {
                    Some(other) => assert_eq!(*other, column, "one name is one type"),
                    None => list.push(column),
                }
            }
            fields.insert(*kind, places);
        }
        Self { list, fields }
    }

    /// The column of each field of a kind, at the place of the field.
    pub(super) fn of_kind(&self, kind: Kind) -> &[usize] {
        self.fields.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The schema of a file.
    pub(super) fn schema(&self) -> Result<TypePtr> {
        let fields: Result<Vec<TypePtr>> =
            self.list.iter().map(|column| column.schema().map(Arc::new)).collect();
        Ok(Arc::new(Schema::group_type_builder("message").with_fields(fields?).build()?))
    }

    /// How a file is written.
    pub(super) fn properties(&self) -> Result<WriterPropertiesPtr> {
        let mut properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
            .set_max_row_group_row_count(None)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true);
        for column in &self.list {
            let path = ColumnPath::from(column.name.as_str());
            let encoding = match (column.written, column.of) {
                (Written::Dictionary, _) => continue,
                (Written::Delta, Of::Text | Of::Json | Of::Bytes) => Encoding::DELTA_BYTE_ARRAY,
                (Written::Delta, _) => Encoding::DELTA_BINARY_PACKED,
                (Written::Opaque, _) => Encoding::PLAIN,
            };
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path.clone(), encoding);
            if column.written == Written::Opaque {
                properties =
                    properties.set_column_statistics_enabled(path, EnabledStatistics::None);
            }
        }
        Ok(Arc::new(properties.build()))
    }
}

impl Column {
    fn schema(&self) -> Result<Schema> {
        let (physical, logical) = match self.of {
            Of::Number => (Type::INT64, None),
            Of::Unsigned => (Type::INT64, Some(LogicalType::integer(64, false))),
            Of::Moment => (Type::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
            Of::Day => (Type::INT32, Some(LogicalType::Date)),
            Of::Flag => (Type::BOOLEAN, None),
            Of::Text => (Type::BYTE_ARRAY, Some(LogicalType::String)),
            Of::Json => (Type::BYTE_ARRAY, Some(LogicalType::Json)),
            Of::Bytes => (Type::BYTE_ARRAY, None),
            Of::Hash => (Type::FIXED_LEN_BYTE_ARRAY, None),
        };
        let repetition = if self.required { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        Schema::primitive_type_builder(&self.name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .with_length(if self.of == Of::Hash { 32 } else { -1 })
            .build()
    }

    /// Whether every row has a value.
    pub(super) fn is_required(&self) -> bool {
        self.required
    }
}

fn of(form: Form) -> Of {
    match form {
        Form::Text | Form::LongText | Form::Code | Form::Procedure | Form::Unit | Form::Word(_) => {
            Of::Text
        }
        Form::Day | Form::Moment => Of::Day,
        Form::Flag => Of::Flag,
        Form::Count => Of::Number,
        Form::Codes | Form::Parts(_) => Of::Json,
    }
}
