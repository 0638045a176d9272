//! The words of a lexicon that are no misspellings: ordinary ones, given as a table or a query, and
//! those learned from documents. They are read once, with the rights of who asks, and kept.

use pgrx::prelude::*;

use super::access::owned_source;
use super::changes;
use crate::bounds::Grow;
use crate::lexicon::{Learner, Lexicon, MAX_TERM_BYTES};
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::session::{self, AnotherType, Mode, Session};
use crate::pg::user::as_extension_owner;

/// What was learned.
pub struct Learned {
    pub documents: i64,
    pub words: i64,
    /// Compiled with them.
    pub lexicon: Lexicon,
}

/// Learns document frequencies from the texts of a query, in place of what was learned before.
pub fn learn(lexicon: &str, query: &str) -> Result<Learned, Raise> {
    owned_source(lexicon)?;
    let mut learner = Learner::interrupted_by(interrupts());
    session::connect(|session| {
        session.for_each(query, |rows, row| {
            let document = rows.text(row, 1);
            match document.map_err(|AnotherType| not_texts("the query to learn from"))? {
                Some(document) => Ok(learner.learn(document)?),
                None => Ok(()),
            }
        })
    })?;
    let documents = i64::from(learner.documents());
    let compiled = as_extension_owner(|| {
        session::connect(|session| {
            replace(session, lexicon, false, learner.words());
            session.execute(
                "UPDATE termstream.lexicon SET learn_from = $2, learned = $3 WHERE lexicon = $1",
                &[lexicon.into(), query.into(), documents.into()],
            );
        });
        changes::renew(lexicon)
    })?;
    Ok(Learned {
        documents,
        words: learner.words().count() as i64,
        lexicon: compiled,
    })
}

/// Keeps the ordinary words of a lexicon that has a list of its own: a table's or a query's first
/// column.
pub fn keep_common_words(lexicon: &str, source: &str) -> Result<(), Raise> {
    let query = session::connect(|session| words_query(session, source))?;
    let mut words: Vec<String> = Vec::new();
    let interrupts = interrupts();
    session::connect(|session| {
        session.for_each(&query, |rows, row| {
            let word = rows.text(row, 1);
            match word.map_err(|AnotherType| not_texts("the source of common_words"))? {
                // A longer one can be no word of a text's that is compared with a term.
                Some(word) if word.len() <= MAX_TERM_BYTES => Ok(words.try_push(word.to_owned())?),
                _ => Ok(()),
            }
        })
    })?;
    interrupts.sort(&mut words);
    words.dedup();
    as_extension_owner(|| {
        session::connect(|session| {
            replace(
                session,
                lexicon,
                true,
                words.iter().map(|word| (word.as_str(), 0)),
            );
        });
    });
    Ok(())
}

/// The query behind `common_words`: itself, or one over the table it names.
fn words_query(session: &Session, source: &str) -> Result<String, Raise> {
    // `to_regclass` raises an error where this is no name.
    let table = session.run(
        r#"SELECT pg_catalog.to_regclass($1)::pg_catalog.text
            WHERE $1 OPERATOR(pg_catalog.~) '^("([^"]|"")+"|[^\s".]+)(\.("([^"]|"")+"|[^\s".]+))*$'"#,
        &[source.trim().into()],
        Mode::Write,
    );
    match table.get::<String>(0, 1) {
        Some(table) => Ok(format!("SELECT * FROM {table}")),
        None if source.trim().contains(char::is_whitespace) => Ok(source.to_owned()),
        None => Err(Raise::new(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("unknown common_words \"{source}\""),
        )
        .hint(
            "Give 'english', 'none', the name of a table of words, or a query that returns words.",
        )),
    }
}

fn replace<'w>(
    session: &Session,
    lexicon: &str,
    common: bool,
    words: impl Iterator<Item = (&'w str, u32)>,
) {
    session.execute(
        "DELETE FROM termstream.lexicon_word WHERE lexicon = $1 AND common = $2",
        &[lexicon.into(), common.into()],
    );
    let insert = session.prepare(
        "INSERT INTO termstream.lexicon_word SELECT $1, w, $3, d FROM unnest($2, $4) AS u (w, d)",
        &[
            pgrx::pg_sys::TEXTOID,
            pgrx::pg_sys::TEXTARRAYOID,
            pgrx::pg_sys::BOOLOID,
            pgrx::pg_sys::INT8ARRAYOID,
        ],
    );
    let mut words = words.peekable();
    while words.peek().is_some() {
        pgrx::check_for_interrupts!();
        let (some, documents): (Vec<String>, Vec<i64>) = words
            .by_ref()
            .take(10_000)
            .map(|(word, documents)| (word.to_owned(), i64::from(documents)))
            .unzip();
        insert.execute(|| [lexicon.into(), some.into(), common.into(), documents.into()]);
    }
}

fn not_texts(what: &str) -> Raise {
    Raise::new(
        PgSqlErrorCode::ERRCODE_DATATYPE_MISMATCH,
        format!("{what} does not return text"),
    )
    .hint("Its first column must be text; write a cast, for example SELECT name::text FROM ….")
}
