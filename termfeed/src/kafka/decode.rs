//! Turns a Kafka message into a row. Self-contained formats are read as from any source (`decode`); Avro needs a
//! schema, which may be unavailable for now.

use super::{Format, Settings};
#[cfg(feature = "avro")]
use crate::decode::line;
use crate::decode::{self, Plain, Refusal};
use crate::error::Error;
use crate::inbox::Column;

/// Why a message gives no row.
#[derive(Debug)]
pub enum Trouble {
    /// Permanent: the message is rejected.
    Refused(Refusal),
    /// Temporary: what is needed to read the message cannot be reached.
    #[cfg_attr(not(feature = "avro"), allow(dead_code))]
    Passing(Error),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        Trouble::Refused(refusal)
    }
}

pub enum Decoder {
    Plain(Plain),
    #[cfg(feature = "avro")]
    Avro(Box<super::avro::Reader>, Vec<Column>),
}

impl Decoder {
    pub fn new(settings: &Settings, columns: Vec<Column>) -> Result<Decoder, Error> {
        let format = match settings.format {
            Format::Json => decode::Format::Json,
            Format::Csv => decode::Format::Csv,
            Format::Raw => decode::Format::Raw,
            #[cfg(feature = "avro")]
            Format::Avro => {
                let reader = super::avro::Reader::new(settings)?;
                return Ok(Decoder::Avro(Box::new(reader), columns));
            }
        };
        Ok(Decoder::Plain(Plain::new(format, columns)?))
    }

    /// Whether the text of a message differs from the text of its row.
    pub fn rewrites(&self) -> bool {
        matches!(self, Decoder::Plain(plain) if plain.is_json())
    }

    /// Appends the row and its line end, or nothing.
    pub fn row(&mut self, payload: Option<&[u8]>, csv: &mut Vec<u8>) -> Result<(), Trouble> {
        let payload = payload.ok_or_else(|| Refusal::new("22004", "the message is empty"))?;
        match self {
            Decoder::Plain(plain) => Ok(plain.row(payload, csv)?),
            #[cfg(feature = "avro")]
            Decoder::Avro(reader, columns) => {
                let line = line(columns, &reader.fields(payload, columns)?)?;
                csv.extend_from_slice(&line);
                csv.push(b'\n');
                Ok(())
            }
        }
    }
}
