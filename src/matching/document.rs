//! The documents that are searched, as the text they must be.

use pgrx::prelude::*;

use crate::pg::error::Raise;
use crate::pg::text;
use termstream_core::bounds::Grow;
use termstream_core::text::MAX_TEXT;

/// The document as text. Bytes that are not valid UTF-8 came in past the server's own check (a client
/// encoding of SQL_ASCII).
pub fn document_text(document: &[u8]) -> Result<&str, Raise> {
    if document.len() > MAX_TEXT {
        return Err(Raise::new(
            PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!(
                "a document of {} bytes is too long to match",
                document.len()
            ),
        )
        .hint(format!("Match it in parts of at most {MAX_TEXT} bytes.")));
    }
    text::checked(document).map_err(|valid| {
        Raise::new(
            PgSqlErrorCode::ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
            format!("the document is not valid UTF-8 at byte {}", valid + 1),
        )
        .hint("Load it with the client encoding it really has.")
    })
}

/// Several documents joined into one, which is searched once.
#[derive(Default)]
pub struct JoinedDocuments(Vec<u8>);

impl JoinedDocuments {
    /// No mention spans this character, so none runs from one document into the next.
    const SEPARATOR: u8 = 0x1f;

    /// The memory that is kept for the next documents; that of an unusually big one is freed.
    const KEPT_BYTES: usize = 64 << 10;

    /// Joins documents, in place of those joined before.
    pub fn join<'d>(&mut self, documents: impl Iterator<Item = &'d [u8]>) -> Result<&str, Raise> {
        let joined = &mut self.0;
        joined.clear();
        joined.shrink_to(Self::KEPT_BYTES);
        for document in documents {
            joined.try_grow(document.len() + 1)?;
            if !joined.is_empty() {
                joined.push(Self::SEPARATOR);
            }
            joined.extend_from_slice(document);
        }
        document_text(joined)
    }
}
