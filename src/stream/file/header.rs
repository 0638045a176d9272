//! Refuses a first line that is not the header that was promised.

use pgrx::prelude::*;

use super::layout::Layout;
use crate::pg::column::Column;
use crate::pg::error::Raise;
use crate::pg::input::{Converter, is_valid_text};
use crate::pg::memory::in_own_context;
use crate::pg::snapshot::with_snapshot;
use crate::pg::subtransaction::subtransaction;
use crate::pg::user::restricted;
use crate::stream::definition::Definition;
use termstream_core::record::{Event, Field, Header};

pub fn refuse_no_header(path: &str, first: &[u8]) -> Result<(), Raise> {
    if !first.is_empty() {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_BAD_COPY_FILE_FORMAT,
        format!("file \"{path}\" is empty, its header is missing"),
    )
    .hint("If an empty file is right, call load_file with header => false."))
}

/// A file without a header would lose its first row to `header => true`. A first line whose values
/// convert to the declared types is taken for a row; text columns tell nothing.
pub fn refuse_data_as_header(
    definition: &Definition,
    layout: &Layout,
    path: &str,
    first: &[u8],
) -> Result<(), Raise> {
    let mut looks_like_data = None;
    let columns = &layout.columns;
    let mut parser = layout.parser(Header::No)?;
    let mut look = |event: Event<'_>| {
        if looks_like_data.is_none() {
            looks_like_data = Some(match event {
                Event::Record(record) => all_convert(definition, columns, record.fields()),
                Event::Malformed(_) => false,
            });
        }
        Ok::<(), Raise>(())
    };
    let line = first
        .split_inclusive(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    parser.feed(line, &mut look)?;
    parser.finish(&mut look)?;
    if looks_like_data != Some(true) {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_BAD_COPY_FILE_FORMAT,
        format!("the first line of \"{path}\" is a row, not a header"),
    )
    .detail("Its values are valid for the declared types of the columns.")
    .hint("If the file has no header, call load_file with header => false."))
}

/// Whether there is a column that is not text, and a value in it, and all such values convert. That can
/// run the check of a domain, which is the stream's owner's.
fn all_convert<'a>(
    definition: &Definition,
    columns: &[Column],
    fields: impl Iterator<Item = Field<'a>>,
) -> bool {
    let typed: Vec<_> = fields
        .enumerate()
        .filter(|(number, _)| columns.get(*number).is_some_and(|column| !column.is_text()))
        .filter_map(|(number, field)| Some((number, field.text()?)))
        .collect();
    if !typed.iter().all(|(_, field)| is_valid_text(field)) {
        return false;
    }
    let outcome = subtransaction(|| {
        restricted(definition.owner, &definition.search_path, || {
            in_own_context(|| {
                with_snapshot(|| {
                    let mut converter = Converter::new(columns);
                    for (number, field) in &typed {
                        converter.convert(*number, Some(field));
                    }
                })
            })
        })
    });
    !typed.is_empty() && outcome.is_ok()
}
