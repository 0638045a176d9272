//! Rows to messages: a JSON object as the record that a schema describes.
//!
//! Times and dates are read as JSON has them from Postgres; numbers may be written as strings, which is
//! the only way to keep a long decimal whole. What does not fit the schema is refused, with its field.

use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{BigDecimal, Decimal, Schema, Uuid};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::Value as Json;
use std::path::Path;
use std::str::FromStr;

use super::registry::Registry;
use super::{Names, collect, join, meant};
use crate::error::Error;
use crate::settings::Secret;

pub struct Writer {
    schema: Schema,
    id: u32,
}

impl Writer {
    /// Registers the schema under the subject and keeps its id.
    pub async fn new(registry: &Secret, subject: &str, schema: &Path) -> Result<Writer, Error> {
        let text = text_of(schema)?;
        Ok(Writer {
            schema: parse(schema, &text)?,
            id: Registry::new(registry)?.register(subject, &text).await?,
        })
    }

    /// Encodes a message; the error says why it does not fit the schema.
    pub fn message(&self, json: &str) -> Result<Vec<u8>, String> {
        let json: Json = serde_json::from_str(json).map_err(|error| format!("no JSON: {error}"))?;
        let mut names = Names::new();
        collect(&self.schema, &mut names);
        let value = value(&json, &self.schema, &names, "")?;
        let record = GenericDatumWriter::builder(&self.schema)
            .build()
            .and_then(|writer| writer.write_value_to_vec(value))
            .map_err(|error| error.to_string())?;
        Ok(join(self.id, &record))
    }
}

pub fn schema_of(path: &Path) -> Result<Schema, Error> {
    parse(path, &text_of(path)?)
}

fn text_of(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path)
        .map_err(|error| Error::io(format!("read \"{}\"", path.display()), error))
}

fn parse(path: &Path, text: &str) -> Result<Schema, Error> {
    Schema::parse_str(text).map_err(|error| {
        Error::Settings(format!("\"{}\" is no Avro schema: {error}", path.display()))
    })
}

fn value(json: &Json, schema: &Schema, names: &Names<'_>, place: &str) -> Result<Value, String> {
    let schema = meant(schema, names);
    let wrong = || format!("field \"{place}\" does not fit the schema");
    let text = || match json {
        Json::String(text) => Ok(text.clone()),
        Json::Number(_) | Json::Bool(_) => Ok(json.to_string()),
        _ => Err(wrong()),
    };
    Ok(match schema {
        Schema::Null if json.is_null() => Value::Null,
        Schema::Boolean => Value::Boolean(read(&text()?, &wrong)?),
        Schema::Int => Value::Int(read(&text()?, &wrong)?),
        Schema::Long => Value::Long(read(&text()?, &wrong)?),
        Schema::Float => Value::Float(read(&text()?, &wrong)?),
        Schema::Double => Value::Double(read(&text()?, &wrong)?),
        Schema::String => Value::String(json.as_str().ok_or_else(wrong)?.to_owned()),
        Schema::Bytes => Value::Bytes(bytes(json.as_str().ok_or_else(wrong)?)),
        Schema::Fixed(fixed) => {
            let bytes = bytes(json.as_str().ok_or_else(wrong)?);
            match bytes.len() == fixed.size {
                true => Value::Fixed(fixed.size, bytes),
                false => return Err(wrong()),
            }
        }
        Schema::Enum(of) => {
            let name = json.as_str().ok_or_else(wrong)?;
            let which = of.symbols.iter().position(|symbol| symbol == name);
            Value::Enum(which.ok_or_else(wrong)? as u32, name.to_owned())
        }
        Schema::Union(union) => {
            let each = union.variants().iter().enumerate();
            let fits = |(which, variant)| {
                let inner = value(json, variant, names, place).ok()?;
                Some(Value::Union(which as u32, Box::new(inner)))
            };
            // If a union allows both, "1" is a string rather than a number.
            let text_first = json.is_string();
            let strings = each
                .clone()
                .filter(|(_, one)| matches!(one, Schema::String));
            let found = strings.filter(|_| text_first).chain(each).find_map(fits);
            found.ok_or_else(wrong)?
        }
        Schema::Array(of) => Value::Array(
            json.as_array()
                .ok_or_else(wrong)?
                .iter()
                .map(|one| value(one, &of.items, names, place))
                .collect::<Result<_, _>>()?,
        ),
        Schema::Map(of) => Value::Map(
            json.as_object()
                .ok_or_else(wrong)?
                .iter()
                .map(|(key, one)| Ok((key.clone(), value(one, &of.types, names, key)?)))
                .collect::<Result<_, String>>()?,
        ),
        Schema::Record(of) => {
            let object = json.as_object().ok_or_else(wrong)?;
            let fields = of.fields.iter().map(|field| {
                let found = object.get(&field.name).or(field.default.as_ref());
                let found = found.unwrap_or(&Json::Null);
                let name = match place {
                    "" => field.name.clone(),
                    _ => format!("{place}.{}", field.name),
                };
                Ok((
                    field.name.clone(),
                    value(found, &field.schema, names, &name)?,
                ))
            });
            Value::Record(fields.collect::<Result<_, String>>()?)
        }
        Schema::Decimal(of) => {
            let number: BigDecimal = read(&text()?, &wrong)?;
            let scaled = number.with_scale(of.scale as i64);
            // A digit beyond the scale would be lost.
            if scaled != number {
                return Err(wrong());
            }
            let (digits, _) = scaled.into_bigint_and_exponent();
            Value::Decimal(Decimal::from(digits.to_signed_bytes_be()))
        }
        Schema::BigDecimal => Value::BigDecimal(read(&text()?, &wrong)?),
        Schema::Uuid(_) => Value::Uuid(Uuid::from_str(&text()?).map_err(|_| wrong())?),
        Schema::Date => {
            let date: NaiveDate = read(&text()?, &wrong)?;
            let days = date.signed_duration_since(NaiveDate::default()).num_days();
            Value::Date(i32::try_from(days).map_err(|_| wrong())?)
        }
        Schema::TimeMillis => {
            Value::TimeMillis(i32::try_from(micros(&text()?, &wrong)? / 1000).map_err(|_| wrong())?)
        }
        Schema::TimeMicros => Value::TimeMicros(micros(&text()?, &wrong)?),
        Schema::TimestampMillis => {
            Value::TimestampMillis(instant(json, &wrong)?.timestamp_millis())
        }
        Schema::TimestampMicros => {
            Value::TimestampMicros(instant(json, &wrong)?.timestamp_micros())
        }
        Schema::TimestampNanos => Value::TimestampNanos(
            instant(json, &wrong)?
                .timestamp_nanos_opt()
                .ok_or_else(wrong)?,
        ),
        Schema::LocalTimestampMillis => {
            Value::LocalTimestampMillis(local(json, &wrong)?.timestamp_millis())
        }
        Schema::LocalTimestampMicros => {
            Value::LocalTimestampMicros(local(json, &wrong)?.timestamp_micros())
        }
        Schema::LocalTimestampNanos => Value::LocalTimestampNanos(
            local(json, &wrong)?
                .timestamp_nanos_opt()
                .ok_or_else(wrong)?,
        ),
        _ => return Err(wrong()),
    })
}

fn read<T: FromStr>(text: &str, wrong: &dyn Fn() -> String) -> Result<T, String> {
    text.parse().map_err(|_| wrong())
}

/// Reads bytes as bytea is written in JSON, otherwise the bytes of the text.
fn bytes(text: &str) -> Vec<u8> {
    let hex = text.strip_prefix("\\x").filter(|hex| hex.len() % 2 == 0);
    let pairs = hex.map(|hex| {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
            .collect::<Option<Vec<u8>>>()
    });
    pairs.flatten().unwrap_or_else(|| text.as_bytes().to_vec())
}

fn micros(text: &str, wrong: &dyn Fn() -> String) -> Result<i64, String> {
    let time: NaiveTime = read(text, wrong)?;
    let since = time.signed_duration_since(NaiveTime::default());
    since.num_microseconds().ok_or_else(wrong)
}

fn instant(json: &Json, wrong: &dyn Fn() -> String) -> Result<DateTime<chrono::Utc>, String> {
    let text = json.as_str().ok_or_else(wrong)?;
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| wrong())
}

fn local(json: &Json, wrong: &dyn Fn() -> String) -> Result<DateTime<chrono::Utc>, String> {
    let time: NaiveDateTime = read(json.as_str().ok_or_else(wrong)?, wrong)?;
    Ok(time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(json: &str) -> Result<Vec<u8>, String> {
        let schema = Schema::parse_str(
            r#"{"type": "record", "name": "payment", "fields": [
                {"name": "id", "type": "long"},
                {"name": "what", "type": ["null", "string"], "default": null},
                {"name": "amount", "type":
                    {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
                {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}]}"#,
        );
        let (schema, id) = (schema.unwrap(), 258);
        Writer { schema, id }.message(json)
    }

    #[test]
    fn an_object_becomes_a_record_behind_the_id_of_its_schema() {
        let json =
            r#"{"id": 1, "amount": -0.01, "at": "1970-01-01T00:00:00.000001+00:00", "more": 1}"#;
        assert_eq!(
            message(json),
            Ok(vec![0, 0, 0, 1, 2, 2, 0, 2, 0xff, 2]),
            "zigzag: 1 is 2; the union's first; one byte of decimal; a microsecond"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_field() {
        for (json, field) in [
            (
                r#"{"id": "x", "amount": 1, "at": "1970-01-01T00:00:00Z"}"#,
                "id",
            ),
            (
                r#"{"id": 1, "amount": 0.001, "at": "1970-01-01T00:00:00Z"}"#,
                "amount",
            ),
            (r#"{"id": 1, "amount": 1, "at": "yesterday"}"#, "at"),
            (
                r#"{"id": 1, "what": [], "amount": 1, "at": "1970-01-01T00:00:00Z"}"#,
                "what",
            ),
            (r#"{"id": 1, "amount": 1}"#, "at"),
        ] {
            let refused = message(json).unwrap_err();
            assert!(
                refused.contains(&format!("\"{field}\"")),
                "{json}: {refused}"
            );
        }
        assert!(message("[1]").is_err() && message("{").is_err());
    }
}
