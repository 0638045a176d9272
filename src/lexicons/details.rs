//! Which terms came and went in a statement, or with a row.

use super::definition::Definition;
use super::triggers::{CAME, WENT};
use crate::pg::catalog::quote_identifier;
use crate::pg::session::{Rows, Session, Snapshot};
use crate::pg::trigger::{Side, TriggerCall};
use crate::tables;

/// What a trigger has seen. A term that only changed beside its columns has neither come nor gone.
pub enum Details {
    Rows(Changed),
    /// Too many, or nobody knows: TRUNCATE.
    Unknown,
}

/// Terms that came and went, column by column.
#[derive(Default)]
pub struct Changed {
    ids: Vec<Option<i64>>,
    terms: Vec<Option<String>>,
    guards: Vec<Option<bool>>,
    edits: Vec<Option<i32>>,
    /// 1 for a term that came, -1 for one that went.
    changes: Vec<i32>,
}

type Term = (Option<i64>, Option<String>, Option<bool>, Option<i32>);

impl Details {
    /// What has changed, if that is at most `room` terms; `None` if nothing has.
    pub fn read(
        session: &Session,
        call: &TriggerCall,
        definition: &Definition,
        room: i64,
    ) -> Option<Details> {
        if call.is_for_row() {
            let changed = Changed::of_row(session, call, definition);
            return match changed.len() {
                0 => None,
                count if count > room => Some(Details::Unknown),
                _ => Some(Details::Rows(changed)),
            };
        }
        let names = call.transition_tables();
        if names.is_empty() {
            return Some(Details::Unknown);
        }
        call.register_transition_tables(session);
        let rows: i64 = names.iter().map(|name| count(session, name)).sum();
        if rows == 0 {
            return None;
        }
        if rows > room {
            let change = Queries::new(definition, &names).any_change(session);
            return change.then_some(Details::Unknown);
        }
        let changed = Queries::new(definition, &names).changed(session);
        (changed.len() > 0).then_some(Details::Rows(changed))
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

/// Queries of the terms that a statement's transition tables hold.
struct Queries {
    came: String,
    went: String,
    /// Whether the statement may have left terms as they were.
    is_update: bool,
}

impl Queries {
    fn new(definition: &Definition, names: &[String]) -> Queries {
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
            came: rows_of(CAME),
            went: rows_of(WENT),
            is_update: names.len() > 1,
        }
    }

    fn changed(&self, session: &Session) -> Changed {
        let mut changed = Changed::default();
        for (rows, others, change) in [(&self.came, &self.went, 1), (&self.went, &self.came, -1)] {
            let query = format!("({rows}) EXCEPT ALL ({others})");
            let rows = session.run(&query, &[], Snapshot::Latest);
            for number in 0..rows.len() {
                changed.push(term(&rows, number), change);
            }
        }
        changed
    }

    fn any_change(&self, session: &Session) -> bool {
        let (came, went) = (&self.came, &self.went);
        let query = format!("SELECT FROM (({came}) EXCEPT ALL ({went})) AS changed LIMIT 1");
        // An update has as many rows before as after it: if none came, none went.
        !self.is_update || !session.run(&query, &[], Snapshot::Latest).is_empty()
    }
}

impl Changed {
    fn of_row(session: &Session, call: &TriggerCall, definition: &Definition) -> Changed {
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
        let (went, came) = (read(Side::Old), read(Side::New));
        let mut changed = Changed::default();
        if went != came {
            went.into_iter().for_each(|term| changed.push(term, -1));
            came.into_iter().for_each(|term| changed.push(term, 1));
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

    pub fn len(&self) -> i64 {
        self.ids.len() as i64
    }

    /// Writes them down.
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
