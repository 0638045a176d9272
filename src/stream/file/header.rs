//! Checks that the first line of a file is the header that `header` says it has.

use pgrx::prelude::*;

use super::layout::Layout;
use crate::pg::column::Column;
use crate::pg::error::Raise;
use crate::pg::input::{Converter, is_valid_text};
use crate::pg::memory::in_temporary_context;
use crate::pg::snapshot::with_snapshot;
use crate::pg::subtransaction::subtransaction;
use crate::pg::user::restricted;
use crate::stream::definition::StreamDefinition;
use termstream_core::record::{Event, Field, Header};

/// Checks the first bytes of a file against `header`.
pub fn check(
    header: Header,
    definition: &StreamDefinition,
    layout: &Layout,
    path: &str,
    first: &[u8],
) -> Result<(), Raise> {
    if header != Header::No {
        refuse_no_header(path, first)?;
    }
    if header == Header::Yes {
        refuse_data_as_header(definition, layout, path, first)?;
    }
    Ok(())
}

/// An error if the file is empty.
fn refuse_no_header(path: &str, first: &[u8]) -> Result<(), Raise> {
    if !first.is_empty() {
        return Ok(());
    }
    Err(Raise::new(
        PgSqlErrorCode::ERRCODE_BAD_COPY_FILE_FORMAT,
        format!("file \"{path}\" is empty, its header is missing"),
    )
    .hint("If the file may be empty, call load_file with header => false."))
}

/// An error if the first line looks like a row, which `header => true` would lose: its values are valid for
/// the declared types, and not all of these are text.
fn refuse_data_as_header(
    definition: &StreamDefinition,
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

/// Whether some column that is not text has a value, and all such values can be converted. Runs as the
/// stream's owner, since converting can run the check of a domain.
fn all_convert<'a>(
    definition: &StreamDefinition,
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
            in_temporary_context(|| {
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
