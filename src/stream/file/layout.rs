//! The layout of a file: how its records are parsed, and which field belongs to which column of the stream.

use pgrx::prelude::*;

use super::options::{FileOptions, Value};
use crate::pg::column::Column;
use crate::pg::encoding::Conversion;
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::session::{Session, Snapshot};
use crate::pg::user::on_safe_path;
use crate::stream::definition::StreamDefinition;
use termstream_core::load::Position;
use termstream_core::record::{Header, Options, Parser};

/// The layout of a file.
pub struct Layout {
    /// The columns of the file, in their order.
    pub columns: Vec<Column>,
    /// For each column of the stream, where its value is.
    pub values: Vec<Value>,
    records: Options,
    encoding: Option<(String, Conversion)>,
}

impl Layout {
    /// The layout that the options describe. Validates them, even if the file turns out to be empty.
    pub fn new(
        session: &Session,
        options: &FileOptions,
        definition: &StreamDefinition,
    ) -> Result<Layout, Raise> {
        let (columns, values) = options.in_file(&definition.columns)?;
        let records = options
            .record(&columns)?
            .points(definition.points(&columns));
        Parser::new(records.clone().header(options.header())?)?;
        let encoding = match &options.encoding {
            Some(name) => find_encoding(session, name)?,
            None => None,
        };
        Ok(Layout {
            columns,
            values,
            records,
            encoding,
        })
    }

    /// A parser for the beginning of the file.
    pub fn parser(&self, header: Header) -> Result<Parser, Raise> {
        let parser = Parser::new(self.records.clone().header(header)?)?;
        Ok(self.decoding(parser))
    }

    /// A parser that goes on at a position, the byte before which is `last_byte`.
    pub fn parser_at(&self, position: Position, last_byte: u8) -> Result<Parser, Raise> {
        if position.bytes == 0 {
            return self.parser(Header::No);
        }
        let (bytes, line) = (position.bytes, position.lines + 1);
        let parser = Parser::resume(self.records.clone(), bytes, line, last_byte)?;
        Ok(self.decoding(parser))
    }

    fn decoding(&self, parser: Parser) -> Parser {
        let parser = parser.interrupted_by(interrupts());
        let Some((name, conversion)) = &self.encoding else {
            return parser;
        };
        let conversion = *conversion;
        parser.decoding(
            name,
            Box::new(move |bytes, text| conversion.append(bytes, text)),
        )
    }
}

const FIND: &str = "
SELECT n, pg_catalog.pg_encoding_to_char(n)::pg_catalog.text
  FROM pg_catalog.pg_char_to_encoding($1::pg_catalog.text::pg_catalog.name) n";

/// Postgres' name of an encoding and the conversion from it; `None` if no conversion is needed.
fn find_encoding(session: &Session, name: &str) -> Result<Option<(String, Conversion)>, Raise> {
    let found = on_safe_path(|| session.run(FIND, &[name.into()], Snapshot::Latest));
    let number = found.get::<i32>(0, 1).unwrap_or(-1);
    let encoding = found.get::<String>(0, 2).unwrap_or_default();
    if number < 0 {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("encoding \"{name}\" not recognized"),
        )
        .hint(
            "Give the name of an encoding of Postgres, for example UTF8, LATIN1, WIN1252 or SJIS.",
        ));
    }
    // SQL_ASCII says nothing about the bytes, so they must be in the encoding of the database.
    if encoding == "UTF8" || encoding == "SQL_ASCII" {
        return Ok(None);
    }
    match Conversion::find(number) {
        Some(conversion) => Ok(Some((encoding, conversion))),
        None => Err(Raise::new(
            PgSqlErrorCode::ERRCODE_UNDEFINED_FUNCTION,
            format!("there is no conversion from encoding \"{encoding}\" to UTF8"),
        )
        .hint("Convert the file before loading it.")),
    }
}
