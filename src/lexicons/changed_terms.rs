//! Which terms a statement, or a change of one row, has added and removed.

use super::definition::LexiconDefinition;
use super::triggers::{NEW_ROWS, OLD_ROWS};
use crate::pg::catalog::quote_identifier;
use crate::pg::session::{Rows, Session, Snapshot};
use crate::pg::trigger::{Side, TriggerCall};
use crate::tables;

/// What a trigger has seen. A row whose columns of the lexicon stayed the same is no change.
pub enum ChangedTerms {
    /// The added and removed terms.
    Rows(Changed),
    /// Too many to record, or unknown, as after TRUNCATE.
    Unknown,
}

/// Added and removed terms, column by column.
#[derive(Default)]
pub struct Changed {
    ids: Vec<Option<i64>>,
    terms: Vec<Option<String>>,
    guards: Vec<Option<bool>>,
    edits: Vec<Option<i32>>,
    /// 1 for an added term, -1 for a removed one.
    changes: Vec<i32>,
}

type Term = (Option<i64>, Option<String>, Option<bool>, Option<i32>);

impl ChangedTerms {
    /// The terms that have changed, if they are at most `at_most`; `None` if none have.
    pub fn read(
        session: &Session,
        call: &TriggerCall,
        definition: &LexiconDefinition,
        at_most: i64,
    ) -> Option<ChangedTerms> {
        if call.is_for_row() {
            let changed = Changed::of_row(session, call, definition);
            return match changed.len() {
                0 => None,
                count if count > at_most => Some(ChangedTerms::Unknown),
                _ => Some(ChangedTerms::Rows(changed)),
            };
        }
        let names = call.transition_tables();
        if names.is_empty() {
            return Some(ChangedTerms::Unknown);
        }
        call.register_transition_tables(session);
        let rows: i64 = names.iter().map(|name| count(session, name)).sum();
        if rows == 0 {
            return None;
        }
        if rows > at_most {
            let change = Queries::new(definition, &names).any_change(session);
            return change.then_some(ChangedTerms::Unknown);
        }
        let changed = Queries::new(definition, &names).changed(session);
        (changed.len() > 0).then_some(ChangedTerms::Rows(changed))
    }
}

fn count(session: &Session, transition_table: &str) -> i64 {
    let query = format!(
        "SELECT count(*) FROM {}",
        quote_identifier(transition_table)
    );
    session
        .run(&query, &[], Snapshot::Latest)
        .get(0, 1)
        .unwrap_or(0)
}

/// Queries for the terms in a statement's transition tables.
struct Queries {
    new: String,
    old: String,
    /// Whether the statement may have left some terms unchanged.
    is_update: bool,
}

impl Queries {
    fn new(definition: &LexiconDefinition, names: &[String]) -> Queries {
        let option = |column: &Option<String>| match column {
            Some(column) => quote_identifier(column),
            None => "NULL".to_owned(),
        };
        let columns = format!(
            "SELECT {}::pg_catalog.int8, {}::pg_catalog.text, {}::pg_catalog.bool, {}::pg_catalog.int4",
            quote_identifier(&definition.id_column),
            quote_identifier(&definition.term_column),
            option(&definition.guard_column),
            option(&definition.distance_column),
        );
        let rows_of = |name: &str| match names.iter().any(|there| there == name) {
            true => format!("{columns} FROM {}", quote_identifier(name)),
            false => format!("{columns} FROM {} WHERE false", quote_identifier(&names[0])),
        };
        Queries {
            new: rows_of(NEW_ROWS),
            old: rows_of(OLD_ROWS),
            is_update: names.len() > 1,
        }
    }

    fn changed(&self, session: &Session) -> Changed {
        let mut changed = Changed::default();
        for (rows, others, change) in [(&self.new, &self.old, 1), (&self.old, &self.new, -1)] {
            let query = format!("({rows}) EXCEPT ALL ({others})");
            let rows = session.run(&query, &[], Snapshot::Latest);
            for number in 0..rows.len() {
                changed.push(term(&rows, number), change);
            }
        }
        changed
    }

    fn any_change(&self, session: &Session) -> bool {
        let (new, old) = (&self.new, &self.old);
        let query = format!("SELECT FROM (({new}) EXCEPT ALL ({old})) AS changed LIMIT 1");
        // An update has as many old rows as new ones: if no term was added, none was removed.
        !self.is_update || !session.run(&query, &[], Snapshot::Latest).is_empty()
    }
}

impl Changed {
    /// The change of one row.
    fn of_row(session: &Session, call: &TriggerCall, definition: &LexiconDefinition) -> Changed {
        let read = |side| {
            let column = |name: &str| call.value(side, name);
            let option = |name: &Option<String>| name.as_deref().map(column);
            let args = [
                column(&definition.id_column)?,
                column(&definition.term_column)?,
                option(&definition.guard_column)
                    .unwrap_or_else(|| Some(Option::<bool>::None.into()))?,
                option(&definition.distance_column)
                    .unwrap_or_else(|| Some(Option::<i32>::None.into()))?,
            ];
            let rows = session.run(AS_READ, &args, Snapshot::Latest);
            Some(term(&rows, 0))
        };
        let (old, new) = (read(Side::Old), read(Side::New));
        let mut changed = Changed::default();
        if old != new {
            old.into_iter().for_each(|term| changed.push(term, -1));
            new.into_iter().for_each(|term| changed.push(term, 1));
        }
        changed
    }

    fn push(&mut self, (id, term, guard, edits): Term, change: i32) {
        self.ids.push(id);
        self.terms.push(term);
        self.guards.push(guard);
        self.edits.push(edits);
        self.changes.push(change);
    }

    /// The number of added and removed terms.
    pub fn len(&self) -> i64 {
        self.ids.len() as i64
    }

    /// Adds the changes to `lexicon_delta`.
    pub fn add(self, lexicon: &str) {
        let args = [
            lexicon.into(),
            self.ids.into(),
            self.terms.into(),
            self.guards.into(),
            self.edits.into(),
            self.changes.into(),
        ];
        tables::ADD_DELTA.run(&args, |_| ());
    }
}

/// The columns of a row as a compilation reads them.
const AS_READ: &str =
    "SELECT $1::pg_catalog.int8, $2::pg_catalog.text, $3::pg_catalog.bool, $4::pg_catalog.int4";

fn term(rows: &Rows, number: usize) -> Term {
    let mut row = rows.cells(number);
    (row.take(), row.take(), row.take(), row.take())
}
