//! The words that a lexicon does not take for misspellings: common words, from a table or a query, and
//! words learned from documents. They are read once, with the rights of the caller, and stored.

use pgrx::pg_sys;
use pgrx::prelude::*;

use super::access::locked_source;
use super::changes;
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::session::{self, AnotherType, Session, Snapshot};
use crate::pg::user::as_standard_sql;
use crate::tables;
use termstream_core::bounds::Grow;
use termstream_core::lexicon::{Learner, Lexicon, MAX_TERM_BYTES};

const LEARN_HINT: &str =
    "Give a query that returns texts, for example 'SELECT description FROM products'.";
const WORDS_HINT: &str =
    "Give 'english', 'none', the name of a table of words, or a query that returns words.";

/// The result of learning.
pub struct Learned {
    pub documents: i64,
    pub words: i64,
    /// The lexicon compiled with the learned words.
    pub lexicon: Lexicon,
}

/// Learns document frequencies from the texts of a query, in place of what was learned before.
pub fn learn(lexicon: &str, query: &str) -> Result<Learned, Raise> {
    let source = locked_source(lexicon)?;
    let mut learner = Learner::interrupted_by(interrupts());
    session::connect(|session| {
        session.for_each(query, LEARN_HINT, |rows, row| {
            let document = rows.text(row, 1);
            match document.map_err(|AnotherType| not_texts("the query to learn from"))? {
                Some(document) => Ok(learner.learn(document)?),
                None => Ok(()),
            }
        })
    })?;
    let documents = i64::from(learner.documents());
    replace(lexicon, false, learner.words());
    tables::NOTE_LEARNED.execute(&[lexicon.into(), query.into(), documents.into()]);
    let compiled = changes::renew(lexicon, source)?;
    Ok(Learned {
        documents,
        words: learner.words().count() as i64,
        lexicon: compiled,
    })
}

/// Stores the common words of a lexicon: the first column of a table or a query.
pub fn store_common_words(lexicon: &str, source: &str) -> Result<(), Raise> {
    let query = session::connect(|session| words_query(session, source))?;
    let mut words: Vec<String> = Vec::new();
    let interrupts = interrupts();
    session::connect(|session| {
        session.for_each(&query, WORDS_HINT, |rows, row| {
            let word = rows.text(row, 1);
            match word.map_err(|AnotherType| not_texts("the source of common_words"))? {
                // A longer word of a document is never compared with a term.
                Some(word) if word.len() <= MAX_TERM_BYTES => Ok(words.try_push(word.to_owned())?),
                _ => Ok(()),
            }
        })
    })?;
    interrupts.sort(&mut words);
    words.dedup();
    replace(lexicon, true, words.iter().map(|word| (word.as_str(), 0)));
    Ok(())
}

/// The query for common words: the argument itself, or a query over the table that it names.
fn words_query(session: &Session, source: &str) -> Result<String, Raise> {
    // `to_regclass` raises an error if its argument is not a name.
    let table = as_standard_sql(|| {
        session.run(
            r#"SELECT pg_catalog.to_regclass($1)::pg_catalog.text
                WHERE $1 OPERATOR(pg_catalog.~) '^("([^"]|"")+"|[^\s".]+)(\.("([^"]|"")+"|[^\s".]+))*$'"#,
            &[source.trim().into()],
            Snapshot::Latest,
        )
    });
    match table.get::<String>(0, 1) {
        Some(table) => Ok(format!("SELECT * FROM {table}")),
        None if source.trim().contains(char::is_whitespace) => Ok(source.to_owned()),
        None => Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("unknown common_words \"{source}\""),
        )
        .hint(WORDS_HINT)),
    }
}

/// Words that are stored by one statement.
const WORDS_AT_ONCE: usize = 10_000;

/// Stores words with the number of documents that contain them, and removes the old words of this kind.
fn replace<'w>(lexicon: &str, common: bool, words: impl Iterator<Item = (&'w str, u32)>) {
    tables::DROP_WORDS_OF_KIND.execute(&[lexicon.into(), common.into()]);
    let mut words = words.peekable();
    let parts = std::iter::from_fn(|| {
        words.peek()?;
        let part = words.by_ref().take(WORDS_AT_ONCE);
        let (some, documents): (Vec<String>, Vec<i64>) = part
            .map(|(word, documents)| (word.to_owned(), i64::from(documents)))
            .unzip();
        Some(move || [lexicon.into(), some.into(), common.into(), documents.into()])
    });
    tables::ADD_WORDS.execute_each(
        [
            pg_sys::TEXTOID,
            pg_sys::TEXTARRAYOID,
            pg_sys::BOOLOID,
            pg_sys::INT8ARRAYOID,
        ],
        parts,
    );
}

fn not_texts(what: &str) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("{what} does not return text"),
    )
    .hint("Its first column must be text; write a cast, for example SELECT name::text FROM ….")
}
