//! The values of a column, gathered from Postgres's binary format into an Arrow array.

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder,
    Float64Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder,
    Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use std::sync::Arc;

use super::columns::Value;

/// Days and microseconds from 1970, where Arrow counts from, to 2000, where Postgres does.
const DAYS: i32 = 10_957;
const MICROSECONDS: i64 = 946_684_800_000_000;

pub enum Sink {
    Boolean(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    UInt32(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Decimal(Decimal128Builder, usize),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder, bool),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
    List {
        elements: Box<Sink>,
        value: Value,
        ends: Vec<i32>,
        present: Vec<bool>,
    },
}

/// What is wrong with a value; the end of a sentence that begins with the column.
type Wrong = String;

impl Sink {
    pub fn new(value: &Value) -> Sink {
        match value {
            Value::Boolean => Sink::Boolean(BooleanBuilder::new()),
            Value::Int16 => Sink::Int16(Int16Builder::new()),
            Value::Int32 => Sink::Int32(Int32Builder::new()),
            Value::Int64 => Sink::Int64(Int64Builder::new()),
            Value::UInt32 => Sink::UInt32(Int64Builder::new()),
            Value::Float32 => Sink::Float32(Float32Builder::new()),
            Value::Float64 => Sink::Float64(Float64Builder::new()),
            Value::Decimal { scale, .. } => Sink::Decimal(
                Decimal128Builder::new().with_data_type(value.data_type()),
                *scale as usize,
            ),
            Value::Date => Sink::Date(Date32Builder::new()),
            Value::Time => Sink::Time(Time64MicrosecondBuilder::new()),
            Value::Timestamp { utc } => Sink::Timestamp(TimestampMicrosecondBuilder::new(), *utc),
            Value::Text => Sink::Text(StringBuilder::new()),
            Value::Bytes => Sink::Bytes(BinaryBuilder::new()),
            Value::List(element) => Sink::List {
                elements: Box::new(Sink::new(element)),
                value: (**element).clone(),
                ends: vec![0],
                present: Vec::new(),
            },
        }
    }

    pub fn push(&mut self, bytes: Option<&[u8]>) -> Result<(), Wrong> {
        match self {
            Sink::Boolean(to) => to.append_option(bytes.map(fixed).transpose()?.map(|[b]| b != 0)),
            Sink::Int16(to) => to.append_option(read(bytes, i16::from_be_bytes)?),
            Sink::Int32(to) => to.append_option(read(bytes, i32::from_be_bytes)?),
            Sink::Int64(to) => to.append_option(read(bytes, i64::from_be_bytes)?),
            Sink::UInt32(to) => {
                to.append_option(read(bytes, u32::from_be_bytes)?.map(i64::from));
            }
            Sink::Float32(to) => to.append_option(read(bytes, f32::from_be_bytes)?),
            Sink::Float64(to) => to.append_option(read(bytes, f64::from_be_bytes)?),
            Sink::Decimal(to, scale) => {
                to.append_option(bytes.map(|b| decimal(text(b)?, *scale)).transpose()?);
            }
            Sink::Date(to) => {
                let days = read(bytes, i32::from_be_bytes)?;
                to.append_option(days.map(date).transpose()?);
            }
            Sink::Time(to) => to.append_option(read(bytes, i64::from_be_bytes)?),
            Sink::Timestamp(to, _) => {
                let time = read(bytes, i64::from_be_bytes)?;
                to.append_option(time.map(timestamp).transpose()?);
            }
            Sink::Text(to) => to.append_option(bytes.map(text).transpose()?),
            Sink::Bytes(to) => to.append_option(bytes),
            Sink::List {
                elements,
                ends,
                present,
                ..
            } => {
                let mut end = ends.last().copied().unwrap_or(0);
                if let Some(bytes) = bytes {
                    end += list(bytes, elements)?;
                }
                ends.push(end);
                present.push(bytes.is_some());
            }
        }
        Ok(())
    }

    /// Takes the array; the next values begin a new one.
    pub fn finish(&mut self) -> ArrayRef {
        match self {
            Sink::Boolean(from) => Arc::new(from.finish()),
            Sink::Int16(from) => Arc::new(from.finish()),
            Sink::Int32(from) => Arc::new(from.finish()),
            Sink::Int64(from) | Sink::UInt32(from) => Arc::new(from.finish()),
            Sink::Float32(from) => Arc::new(from.finish()),
            Sink::Float64(from) => Arc::new(from.finish()),
            Sink::Decimal(from, _) => Arc::new(from.finish()),
            Sink::Date(from) => Arc::new(from.finish()),
            Sink::Time(from) => Arc::new(from.finish()),
            Sink::Timestamp(from, utc) => {
                let array = from.finish();
                Arc::new(array.with_timezone_opt(utc.then_some("UTC")))
            }
            Sink::Text(from) => Arc::new(from.finish()),
            Sink::Bytes(from) => Arc::new(from.finish()),
            Sink::List {
                elements,
                value,
                ends,
                present,
            } => {
                let ends = std::mem::replace(ends, vec![0]);
                let present = std::mem::take(present);
                Arc::new(ListArray::new(
                    value.element(),
                    OffsetBuffer::new(ends.into()),
                    elements.finish(),
                    Some(NullBuffer::from(present)),
                ))
            }
        }
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Wrong> {
    bytes
        .try_into()
        .map_err(|_| format!("has {} bytes, not {N}", bytes.len()))
}

fn read<const N: usize, T>(bytes: Option<&[u8]>, of: fn([u8; N]) -> T) -> Result<Option<T>, Wrong> {
    Ok(bytes.map(fixed).transpose()?.map(of))
}

fn text(bytes: &[u8]) -> Result<&str, Wrong> {
    std::str::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}

/// The digits without the point. The server writes as many behind it as the scale says.
fn decimal(text: &str, scale: usize) -> Result<i128, Wrong> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() != scale {
        return Err(format!(
            "is {text}, which is no number: cast it to text in the query"
        ));
    }
    format!("{whole}{fraction}")
        .parse()
        .map_err(|_| format!("is {text}, which is no number: cast it to text in the query"))
}

fn date(days: i32) -> Result<i32, Wrong> {
    match days {
        i32::MIN | i32::MAX => Err("is infinite: cast it to text in the query".to_owned()),
        days => days
            .checked_add(DAYS)
            .ok_or_else(|| "is too late".to_owned()),
    }
}

fn timestamp(time: i64) -> Result<i64, Wrong> {
    match time {
        i64::MIN | i64::MAX => Err("is infinite: cast it to text in the query".to_owned()),
        time => time
            .checked_add(MICROSECONDS)
            .ok_or_else(|| "is too late".to_owned()),
    }
}

/// The elements of an array: dimensions, flags, type; length and lower bound of each dimension; then
/// each element with its length (`array_send` of arrayfuncs.c).
fn list(bytes: &[u8], elements: &mut Sink) -> Result<i32, Wrong> {
    let broken = || "is a broken array".to_owned();
    let number = |at: usize| -> Result<i32, Wrong> {
        let bytes = bytes.get(at..at + 4).ok_or_else(broken)?;
        Ok(i32::from_be_bytes(fixed(bytes)?))
    };
    let length = match number(0)? {
        0 => return Ok(0),
        1 => number(12)?,
        _ => return Err("has several dimensions: unnest it in the query".to_owned()),
    };
    let mut at = 20;
    for _ in 0..length {
        let size = number(at)?;
        at += 4;
        match usize::try_from(size) {
            Ok(size) => {
                elements.push(Some(bytes.get(at..at + size).ok_or_else(broken)?))?;
                at += size;
            }
            Err(_) => elements.push(None)?,
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array;

    #[test]
    fn decimals_keep_every_digit() {
        assert_eq!(decimal("-123.45", 2), Ok(-12345));
        assert_eq!(decimal("0.05", 2), Ok(5));
        assert_eq!(decimal("-0.05", 2), Ok(-5));
        assert_eq!(decimal("42", 0), Ok(42));
        assert_eq!(decimal(&"9".repeat(38), 0), Ok(10_i128.pow(38) - 1));
        assert!(decimal("NaN", 0).is_err());
        assert!(decimal("Infinity", 0).is_err());
        assert!(decimal("1.5", 2).is_err());
    }

    #[test]
    fn what_is_infinite_is_no_time() {
        assert_eq!(date(0), Ok(DAYS));
        assert_eq!(timestamp(-MICROSECONDS), Ok(0));
        assert!(date(i32::MAX).is_err() && date(i32::MIN).is_err());
        assert!(timestamp(i64::MAX).is_err() && timestamp(i64::MIN).is_err());
    }

    #[test]
    fn arrays_of_one_dimension_become_lists() {
        let head = |dimensions: i32, length: i32| {
            let numbers = [dimensions, 0, 23, length, 1];
            numbers
                .iter()
                .flat_map(|n| n.to_be_bytes())
                .collect::<Vec<u8>>()
        };
        let mut three = head(1, 3);
        for (size, value) in [(4, Some(7_i32)), (-1, None), (4, Some(-1))] {
            three.extend(i32::to_be_bytes(size));
            three.extend(value.map(i32::to_be_bytes).into_iter().flatten());
        }
        let value = Value::List(Box::new(Value::Int32));
        let mut sink = Sink::new(&value);
        sink.push(Some(&three)).unwrap();
        sink.push(None).unwrap();
        sink.push(Some(&head(0, 0)[..12])).unwrap();
        assert!(sink.push(Some(&head(2, 1))).is_err());
        for cut in 0..three.len() {
            assert!(
                Sink::new(&value).push(Some(&three[..cut])).is_err(),
                "cut at {cut}"
            );
        }
        let mut sink = Sink::new(&value);
        sink.push(Some(&three)).unwrap();
        sink.push(None).unwrap();
        let array = sink.finish();
        assert_eq!((array.len(), array.null_count()), (2, 1));
        assert_eq!(sink.finish().len(), 0);
    }
}
