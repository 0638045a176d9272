//! Messages to fields: each column gets the field of its name as text, as Postgres reads it.

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::{BigDecimal, Schema};
use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeDelta};
use num_bigint::BigInt;
use serde_json::json;
use std::borrow::Cow;
use std::path::Path;
use tokio::runtime::Handle;

use super::registry::Registry;
use super::{Names, collect, meant, split};
use crate::error::Error;
use crate::inbox::Column;
use crate::settings::Secret;
use termstream_core::record::with_point;

pub struct Reader {
    registry: Registry,
    /// The reader schema, if one was given.
    schema: Option<Schema>,
    runtime: Handle,
}

/// Why a message has no fields.
#[derive(Debug)]
pub enum Unread {
    Never(String),
    NotNow(Error),
}

impl Reader {
    /// Reads a message. Blocks, so it must not run on a thread of the runtime.
    pub fn new(registry: &Secret, schema: Option<&Path>) -> Result<Reader, Error> {
        apache_avro::util::max_allocation_bytes(super::LARGEST_VALUE);
        Ok(Reader {
            registry: Registry::new(registry)?,
            schema: schema.map(super::write::schema_of).transpose()?,
            runtime: Handle::current(),
        })
    }

    pub fn fields(
        &mut self,
        message: &[u8],
        columns: &[Column],
    ) -> Result<Vec<Option<Cow<'static, str>>>, Unread> {
        let (id, mut record) = split(message).ok_or_else(|| {
            Unread::Never("no Avro with a schema's id before it: the first byte is not 0".into())
        })?;
        let found = self.runtime.block_on(self.registry.schema(id));
        let written = found.map_err(Unread::NotNow)?.map_err(Unread::Never)?;
        let never = |error: apache_avro::Error| Unread::Never(format!("schema {id}: {error}"));
        let value = GenericDatumReader::builder(&written.schema)
            .writer_schemata(written.others.iter().chain([&written.schema]).collect())
            .map_err(never)?
            .maybe_reader_schema(self.schema.as_ref())
            .build()
            .map_err(never)?
            .read_value(&mut record)
            .map_err(never)?;
        if !record.is_empty() {
            let left = format!("schema {id}: {} bytes are left over", record.len());
            return Err(Unread::Never(left));
        }
        let schema = self.schema.as_ref().unwrap_or(&written.schema);
        let mut names = Names::new();
        written
            .others
            .iter()
            .for_each(|one| collect(one, &mut names));
        collect(schema, &mut names);
        let (Value::Record(values), Schema::Record(of)) = (&value, schema) else {
            return Err(Unread::Never(format!("schema {id} is no record")));
        };
        Ok(columns
            .iter()
            .map(|column| {
                let mut fields = of.fields.iter().zip(values);
                let Some((field, (_, value))) = fields.find(|(_, one)| one.0 == column.name) else {
                    return column.left_out().map(Cow::Borrowed);
                };
                let text = text(value, &field.schema, &names)?;
                Some(match is_number(value) {
                    true => with_point(&text, column.point).into_owned().into(),
                    false => text.into(),
                })
            })
            .collect())
    }
}

fn is_number(value: &Value) -> bool {
    match value {
        Value::Union(_, inner) => is_number(inner),
        Value::Int(_) | Value::Long(_) | Value::Float(_) | Value::Double(_) => true,
        Value::Decimal(_) | Value::BigDecimal(_) => true,
        _ => false,
    }
}

/// Writes a value as text that Postgres reads; `None` is NULL.
fn text(value: &Value, schema: &Schema, names: &Names<'_>) -> Option<String> {
    let schema = meant(schema, names);
    Some(match value {
        Value::Null => return None,
        Value::Union(which, inner) => match schema {
            Schema::Union(union) => {
                return text(inner, union.variants().get(*which as usize)?, names);
            }
            _ => return text(inner, schema, names),
        },
        Value::Boolean(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Long(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::String(value) | Value::Enum(_, value) => value.clone(),
        Value::Bytes(bytes) | Value::Fixed(_, bytes) => hex(bytes),
        Value::Uuid(value) => value.to_string(),
        Value::Decimal(value) => {
            let scale = match schema {
                Schema::Decimal(decimal) => decimal.scale as i64,
                _ => 0,
            };
            BigDecimal::new(BigInt::from(value.clone()), scale).to_plain_string()
        }
        Value::BigDecimal(value) => value.to_plain_string(),
        Value::Date(days) => date(*days)?,
        Value::TimeMillis(time) => time_of_day(i64::from(*time) * 1_000_000)?,
        Value::TimeMicros(time) => time_of_day(time.checked_mul(1000)?)?,
        Value::TimestampMillis(time) => instant(DateTime::from_timestamp_millis(*time)?, true),
        Value::TimestampMicros(time) => instant(DateTime::from_timestamp_micros(*time)?, true),
        Value::TimestampNanos(time) => instant(DateTime::from_timestamp_nanos(*time), true),
        Value::LocalTimestampMillis(time) => {
            instant(DateTime::from_timestamp_millis(*time)?, false)
        }
        Value::LocalTimestampMicros(time) => {
            instant(DateTime::from_timestamp_micros(*time)?, false)
        }
        Value::LocalTimestampNanos(time) => instant(DateTime::from_timestamp_nanos(*time), false),
        Value::Duration(time) => format!(
            "{} months {} days {} milliseconds",
            u32::from(time.months()),
            u32::from(time.days()),
            u32::from(time.millis())
        ),
        Value::Array(_) | Value::Map(_) | Value::Record(_) => {
            json_of(value, schema, names).to_string()
        }
    })
}

fn json_of(value: &Value, schema: &Schema, names: &Names<'_>) -> serde_json::Value {
    let schema = meant(schema, names);
    match (value, schema) {
        (Value::Union(which, inner), Schema::Union(union)) => {
            match union.variants().get(*which as usize) {
                Some(variant) => json_of(inner, variant, names),
                None => serde_json::Value::Null,
            }
        }
        (Value::Boolean(value), _) => json!(value),
        (Value::Int(value), _) => json!(value),
        (Value::Long(value), _) => json!(value),
        (Value::Float(value), _) if value.is_finite() => json!(value),
        (Value::Double(value), _) if value.is_finite() => json!(value),
        (Value::Array(values), Schema::Array(of)) => values
            .iter()
            .map(|value| json_of(value, &of.items, names))
            .collect(),
        (Value::Map(values), Schema::Map(of)) => values
            .iter()
            .map(|(key, value)| (key.clone(), json_of(value, &of.types, names)))
            .collect(),
        (Value::Record(values), Schema::Record(of)) => values
            .iter()
            .zip(&of.fields)
            .map(|((key, value), field)| (key.clone(), json_of(value, &field.schema, names)))
            .collect(),
        _ => json!(text(value, schema, names)),
    }
}

fn date(days: i32) -> Option<String> {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
    let date = epoch.checked_add_signed(TimeDelta::try_days(i64::from(days))?)?;
    Some(date.to_string())
}

fn time_of_day(nanoseconds: i64) -> Option<String> {
    let (seconds, rest) = (
        nanoseconds.div_euclid(1_000_000_000),
        nanoseconds.rem_euclid(1_000_000_000),
    );
    let time = NaiveTime::from_num_seconds_from_midnight_opt(
        u32::try_from(seconds).ok()?,
        u32::try_from(rest).ok()?,
    )?;
    Some(time.to_string())
}

fn instant(time: DateTime<chrono::Utc>, zoned: bool) -> String {
    match zoned {
        true => time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        false => time.naive_utc().to_string(),
    }
}

/// Writes bytes as bytea is written.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("\\x".to_owned(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_becomes_the_text_that_postgres_reads() {
        let union = Schema::parse_str(r#"["null","long"]"#).unwrap();
        let decimal = Schema::parse_str(
            r#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#,
        )
        .unwrap();
        let list = Schema::parse_str(r#"{"type":"array","items":["null","string"]}"#).unwrap();
        let some = |value| Value::Union(1, Box::new(value));
        for (value, schema, expected) in [
            (Value::Union(0, Box::new(Value::Null)), &union, None),
            (some(Value::Long(-7)), &union, Some("-7")),
            (
                Value::Decimal(vec![0xfe, 0x0c].into()),
                &decimal,
                Some("-5.00"),
            ),
            (Value::Decimal(vec![1].into()), &decimal, Some("0.01")),
            (Value::Date(-1), &Schema::Date, Some("1969-12-31")),
            (
                Value::TimeMillis(45_296_789),
                &Schema::TimeMillis,
                Some("12:34:56.789"),
            ),
            (
                Value::TimestampMillis(1_767_225_600_123),
                &Schema::TimestampMillis,
                Some("2026-01-01T00:00:00.123Z"),
            ),
            (
                Value::LocalTimestampMicros(1),
                &Schema::LocalTimestampMicros,
                Some("1970-01-01 00:00:00.000001"),
            ),
            (Value::Bytes(vec![0, 255]), &Schema::Bytes, Some("\\x00ff")),
            (
                Value::Array(vec![
                    Value::Union(0, Box::new(Value::Null)),
                    some(Value::String("a \"b\"".into())),
                ]),
                &list,
                Some(r#"[null,"a \"b\""]"#),
            ),
        ] {
            let found = text(&value, schema, &Names::new());
            assert_eq!(found.as_deref(), expected, "{value:?}");
        }
    }
}
