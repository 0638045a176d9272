//! What each type of Postgres becomes in Parquet, and how the server is asked for it.
//!
//! | Postgres | Parquet |
//! |---|---|
//! | boolean, smallint, integer, bigint, real, double precision | the same |
//! | oid, xid8 | int64 |
//! | numeric(p, s), p up to 38 | decimal(p, s) |
//! | numeric without a scale, or longer | text: nothing is rounded |
//! | date, time, timestamp | date, time and timestamp in microseconds |
//! | timestamptz | timestamp in microseconds, UTC |
//! | text, varchar, char, name, enums, uuid, json, jsonb | text |
//! | bytea | bytes |
//! | arrays of these, of one dimension | list |
//!
//! A type that is not here is refused: the query can cast it.

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use std::sync::Arc;
use tokio_postgres::types::{Kind, Type};

use crate::error::Error;

#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub value: Value,
    /// The type to which the server casts the column, if it is not sent as it is.
    cast: Option<&'static str>,
}

/// How a value is sent in Postgres's binary format, and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Boolean,
    Int16,
    Int32,
    Int64,
    /// An oid, stored as int64.
    UInt32,
    Float32,
    Float64,
    /// Sent and stored as text.
    Decimal {
        precision: u8,
        scale: i8,
    },
    Date,
    Time,
    Timestamp {
        utc: bool,
    },
    Text,
    Bytes,
    List(Box<Value>),
}

impl Column {
    pub fn new(name: &str, kind: &Type, modifier: i32) -> Result<Column, Error> {
        let (value, cast) = match kind.kind() {
            Kind::Array(element) => {
                let (value, cast) = scalar(name, element, modifier)?;
                (Value::List(Box::new(value)), cast.map(|_| "text[]"))
            }
            _ => scalar(name, kind, modifier)?,
        };
        Ok(Column {
            name: name.to_owned(),
            value,
            cast,
        })
    }

    /// The SQL expression for the column of `q`.
    pub fn expression(&self) -> String {
        let name = quoted(&self.name);
        match self.cast {
            Some(cast) => format!("q.{name}::pg_catalog.{cast}"),
            None => format!("q.{name}"),
        }
    }
}

impl Value {
    pub fn data_type(&self) -> DataType {
        match self {
            Value::Boolean => DataType::Boolean,
            Value::Int16 => DataType::Int16,
            Value::Int32 => DataType::Int32,
            Value::Int64 | Value::UInt32 => DataType::Int64,
            Value::Float32 => DataType::Float32,
            Value::Float64 => DataType::Float64,
            Value::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale),
            Value::Date => DataType::Date32,
            Value::Time => DataType::Time64(TimeUnit::Microsecond),
            Value::Timestamp { utc } => {
                DataType::Timestamp(TimeUnit::Microsecond, utc.then(|| "UTC".into()))
            }
            Value::Text => DataType::Utf8,
            Value::Bytes => DataType::Binary,
            Value::List(element) => DataType::List(element.element()),
        }
    }

    /// The type as an element of a list.
    pub fn element(&self) -> Arc<Field> {
        Arc::new(Field::new("element", self.data_type(), true))
    }
}

pub fn schema(columns: &[Column]) -> Arc<Schema> {
    let fields = columns
        .iter()
        .map(|column| Field::new(&column.name, column.value.data_type(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn scalar(name: &str, kind: &Type, modifier: i32) -> Result<(Value, Option<&'static str>), Error> {
    match kind.kind() {
        // The type modifier is part of the domain and is not reported.
        Kind::Domain(base) => return scalar(name, base, -1),
        Kind::Enum(_) => return Ok((Value::Text, Some("text"))),
        _ => {}
    }
    Ok(match *kind {
        Type::BOOL => (Value::Boolean, None),
        Type::INT2 => (Value::Int16, None),
        Type::INT4 => (Value::Int32, None),
        Type::INT8 | Type::XID8 => (Value::Int64, None),
        Type::OID => (Value::UInt32, None),
        Type::FLOAT4 => (Value::Float32, None),
        Type::FLOAT8 => (Value::Float64, None),
        Type::NUMERIC => (decimal(modifier), Some("text")),
        Type::DATE => (Value::Date, None),
        Type::TIME => (Value::Time, None),
        Type::TIMESTAMP => (Value::Timestamp { utc: false }, None),
        Type::TIMESTAMPTZ => (Value::Timestamp { utc: true }, None),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => (Value::Text, None),
        Type::NAME | Type::CHAR | Type::UUID | Type::JSON | Type::JSONB => {
            (Value::Text, Some("text"))
        }
        Type::BYTEA => (Value::Bytes, None),
        _ => {
            return Err(Error::Settings(format!(
                "column \"{name}\" has type {}, which has no counterpart in Parquet: cast it in \
                 the query, like {}::text",
                kind.name(),
                quoted(name)
            )));
        }
    })
}

/// A numeric that has a precision and a scale that fit, else text. (`numeric.c`: the modifier is the
/// precision, 16 bits, and the scale, 11 bits with a sign, plus 4.)
fn decimal(modifier: i32) -> Value {
    let both = modifier - 4;
    let (precision, scale) = ((both >> 16) & 0xffff, ((both & 0x7ff) ^ 1024) - 1024);
    if modifier < 4 || !(1..=38).contains(&precision) || !(0..=precision).contains(&scale) {
        return Value::Text;
    }
    Value::Decimal {
        precision: precision as u8,
        scale: scale as i8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numeric_is_a_decimal_where_it_says_which() {
        let modifier = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + 4;
        let decimal_of = |precision, scale| Value::Decimal { precision, scale };
        assert_eq!(decimal(modifier(12, 2)), decimal_of(12, 2));
        assert_eq!(decimal(modifier(38, 0)), decimal_of(38, 0));
        assert_eq!(decimal(modifier(38, 38)), decimal_of(38, 38));
        for other in [-1, modifier(39, 2), modifier(5, -2), modifier(3, 5)] {
            assert_eq!(decimal(other), Value::Text, "{other}");
        }
    }

    #[test]
    fn a_type_without_a_counterpart_is_refused_with_a_hint() {
        for kind in [
            Type::INTERVAL,
            Type::INET,
            Type::POINT,
            Type::TIMETZ,
            Type::INT4_RANGE,
        ] {
            let message = Column::new("a\"b", &kind, -1).unwrap_err().to_string();
            assert!(message.contains("\"a\"\"b\"::text"), "{message}");
        }
        let list = Column::new("a", &Type::JSONB_ARRAY, -1).unwrap();
        assert_eq!(list.value, Value::List(Box::new(Value::Text)));
        assert_eq!(list.expression(), "q.\"a\"::pg_catalog.text[]");
    }
}
