//! From the rows of a source table to a compiled lexicon.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::cell::Cell;

use super::access;
use super::definition::LexiconDefinition;
use crate::pg::catalog::{
    lock_for_reading, owner, qualified_name, quote_identifier, relation_kind,
};
use crate::pg::error::Raise;
use crate::pg::interrupts::interrupts;
use crate::pg::session;
use crate::pg::user::{SAFE_PATH, refusing_policies, restricted};
use crate::tables;
use termstream_core::bounds::OutOfMemory;
use termstream_core::lexicon::{
    Builder, Lexicon, LexiconError, MAX_TERM_BYTES, MAX_TERMS, Settings, TermOptions, english,
    english_dictionary,
};

/// The choices with which a definition is compiled: its own, or others that are measured.
#[derive(Clone)]
pub struct Variant {
    pub settings: Settings,
    pub common_words: bool,
    pub learned: bool,
}

impl Variant {
    /// The definition's own choices.
    pub fn of(definition: &LexiconDefinition) -> Variant {
        Variant {
            settings: definition.settings,
            common_words: true,
            learned: true,
        }
    }
}

/// Reads the terms that the running statement sees and compiles them in the order of their ids, so that
/// every backend compiles the same form.
///
/// The terms are read as the owner of their table, in a security-restricted operation, whatever the current
/// role: index expressions, policies and options of a foreign table are code and secrets of that owner.
pub fn compile(definition: &LexiconDefinition, variant: &Variant) -> Result<Lexicon, Raise> {
    let _nested = Nested::enter(definition)?;
    let source = Source::lock(definition)?;
    let query = source.terms_query(definition);
    let refused = |error| refused(&definition.name, error);
    let mut builder = Builder::new(variant.settings).interrupted_by(interrupts());
    add_words(&mut builder, definition, variant).map_err(refused)?;
    let add = |rows: &session::Rows, number| {
        let mut row = rows.cells(number);
        let id = row.take::<i64>();
        let term = row
            .take_text(MAX_TERM_BYTES)
            .ok()
            .flatten()
            .map(str::to_owned);
        let (Some(id), Some(term)) = (id, term) else {
            builder.skip(id);
            return Ok(());
        };
        let options = term_options(definition, id, row.take(), row.take())?;
        builder.add(id, &term, options).map_err(refused)?;
        Ok(())
    };
    restricted(source.owner, SAFE_PATH, || {
        refusing_policies(|| {
            session::connect(|session| session.for_each_on(definition.source, &query, add))
        })
    })?;
    builder.finish().map_err(refused)
}

/// How deep compilations may be nested: an index expression or policy of a source may itself match with a
/// lexicon, even with the one that is being compiled.
const MAX_NESTED: u32 = 4;

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };
}

/// A running compilation, counted until it is dropped. Each holds all the words of its lexicon in memory.
struct Nested;

impl Nested {
    fn enter(definition: &LexiconDefinition) -> Result<Nested, Raise> {
        if NESTED.get() == MAX_NESTED {
            let name = &definition.name;
            return Err(Raise::new(
                PgSqlErrorCode::ERRCODE_STATEMENT_TOO_COMPLEX,
                format!("compiling lexicon \"{name}\" is nested too deeply in compiling others"),
            )
            .hint(
                "Functions in indexes and policies of a lexicon's source must not match with a lexicon.",
            ));
        }
        NESTED.set(NESTED.get() + 1);
        Ok(Nested)
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        NESTED.set(NESTED.get() - 1);
    }
}

/// The error of a lexicon that cannot be built.
pub fn refused(lexicon: &str, error: LexiconError) -> Raise {
    let message = format!("lexicon \"{lexicon}\" cannot be compiled: {error}");
    match error {
        LexiconError::OutOfMemory => Raise {
            message,
            ..Raise::from(OutOfMemory)
        },
        LexiconError::TooLarge => {
            Raise::new(PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED, message)
                .detail(format!(
                    "A lexicon has at most {MAX_TERMS} terms, and 4 GB of text."
                ))
                .hint("Create several lexicons, each over a part of the terms.")
        }
        _ => Raise::new(PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED, message),
    }
}

/// The source of a lexicon, locked so that it cannot be replaced until the transaction ends.
struct Source {
    /// Qualified and quoted, for SQL.
    name: String,
    owner: pg_sys::Oid,
    is_partitioned: bool,
}

impl Source {
    /// Locks the table, and checks under the lock that it is one: before, its owner could turn it into a
    /// view. That the current role may read it was checked with the definition.
    fn lock(definition: &LexiconDefinition) -> Result<Source, Raise> {
        lock_for_reading(definition.source);
        let (name, owner) = (qualified_name(definition.source), owner(definition.source));
        access::check_source(&definition.name, name.is_some() && owner.is_some())?;
        let (name, owner) = (
            name.unwrap_or_default(),
            owner.unwrap_or(pg_sys::InvalidOid),
        );
        let kind = relation_kind(definition.source);
        let is_table = matches!(kind, Some('r' | 'p'));
        access::check_kind(&definition.name, definition.source, is_table)?;
        Ok(Source {
            name,
            owner,
            is_partitioned: kind == Some('p'),
        })
    }

    fn terms_query(&self, definition: &LexiconDefinition) -> String {
        // Triggers of a plain table do not fire for the tables that inherit from it.
        let only = if self.is_partitioned { "" } else { "ONLY " };
        let column = |name: &Option<String>| match name {
            Some(name) => quote_identifier(name),
            None => "NULL".to_owned(),
        };
        format!(
            "SELECT {id}::pg_catalog.int8, {term}::pg_catalog.text,
                    {guard}::pg_catalog.bool, {distance}::pg_catalog.int4
               FROM {only}{table} ORDER BY 1, 2",
            id = quote_identifier(&definition.id_column),
            term = quote_identifier(&definition.term_column),
            guard = column(&definition.guard_column),
            distance = column(&definition.distance_column),
            table = self.name,
        )
    }
}

/// The options of one term; NULL means those of the lexicon.
pub fn term_options(
    definition: &LexiconDefinition,
    id: i64,
    guard: Option<bool>,
    edits: Option<i32>,
) -> Result<TermOptions, Raise> {
    let max_distance = match edits {
        Some(edits) => match u8::try_from(edits) {
            Ok(few @ 0..=termstream_core::lexicon::MAX_DISTANCE) => Some(few),
            _ => {
                return Err(Raise::new(
                    PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                    format!(
                        "term {id} of lexicon \"{}\" allows {edits} edits",
                        definition.name
                    ),
                )
                .hint("A term allows 0, 1 or 2 edits, or NULL for the rule by length."));
            }
        },
        None => None,
    };
    Ok(TermOptions {
        guard: guard.unwrap_or(true),
        max_distance,
    })
}

fn add_words(
    builder: &mut Builder,
    definition: &LexiconDefinition,
    variant: &Variant,
) -> Result<(), LexiconError> {
    if variant.common_words && definition.common_words == "english" {
        builder.common_words(english())?;
        builder.dictionary(english_dictionary())?;
    }
    tables::WORDS.read(&[definition.name.as_str().into()], |words| {
        for row in 0..words.len() {
            let (Some(word), Some(common), Some(documents)) = (
                words.get::<String>(row, 1),
                words.get(row, 2),
                words.get::<i64>(row, 3),
            ) else {
                continue;
            };
            if common && variant.common_words {
                builder.common_words(std::iter::once(word.as_str()))?;
            } else if !common && variant.learned {
                builder.learned(&word, u32::try_from(documents).unwrap_or(u32::MAX))?;
            }
        }
        Ok(())
    })
}
