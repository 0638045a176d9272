//! The changes of lexicons' sources that this transaction has made and not yet committed.
//!
//! Other sessions see one token for all of them, once they are committed. This transaction must distinguish
//! the terms after one of its changes from those after the next: each change has a stamp, and a statement
//! sees the last stamp that is older than its own command. So a cursor goes on with the terms that it began
//! with, and a transaction of ten thousand changes writes one row about them, not ten thousand.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::pg::snapshot::{self, Moment};

struct Change {
    lexicon: String,
    at: Moment,
    /// Random enough that it makes each fingerprint unique.
    stamp: i64,
    /// Rows of `lexicon_delta` that describe this change and those before it; `None` if it is not known
    /// which terms changed.
    details: Option<i64>,
    /// The statement after which a base was made of the terms, if one was: the command up to which it sees
    /// what this transaction wrote.
    in_base_of: Option<u32>,
}

/// The number of last changes of a transaction that are remembered. A statement that sees older terms (of a
/// cursor that was opened thousands of changes ago) compiles them each time.
const REMEMBERED: usize = 4_096;

thread_local! {
    static CHANGES: RefCell<VecDeque<Change>> = const { RefCell::new(VecDeque::new()) };
    /// Whether older changes were forgotten.
    static FORGOTTEN: Cell<bool> = const { Cell::new(false) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Remembers a change of terms. `details` is the number of rows that describe it, or `None` if it is not
/// known which terms changed.
pub fn remember(lexicon: &str, details: Option<i64>) {
    let at = snapshot::moment();
    let before = details_written(lexicon);
    CHANGES.with_borrow_mut(|changes| {
        // No statement can have run between two changes of one moment, so the last one replaces the others.
        let same = |change: &Change| change.at == at;
        let first = changes.len() - changes.iter().rev().take_while(|it| same(it)).count();
        let replaced = (first..changes.len()).find(|&number| changes[number].lexicon == lexicon);
        if let Some(number) = replaced {
            changes.remove(number);
        }
        if changes.len() == REMEMBERED {
            changes.pop_front();
            FORGOTTEN.set(true);
        }
        changes.push_back(Change {
            lexicon: lexicon.to_owned(),
            at,
            stamp: new_stamp(),
            details: before.zip(details).map(|(before, more)| before + more),
            in_base_of: None,
        });
    });
}

fn new_stamp() -> i64 {
    LAST.set(LAST.get() + 1);
    scatter(LAST.get())
}

/// Remembers that a new base, made at the end of `statement`, has all changes up to now.
pub fn remember_base(lexicon: &str, statement: u32) {
    remember(lexicon, Some(0));
    CHANGES.with_borrow_mut(|changes| {
        if let Some(last) = changes.back_mut() {
            (last.details, last.in_base_of) = (Some(0), Some(statement));
        }
    });
}

/// The stamp of the last change of this transaction that the running statement sees; 0 if it sees none.
pub fn stamp(lexicon: &str) -> i64 {
    let command = snapshot::command_seen();
    CHANGES.with_borrow(|changes| {
        let seen = |change: &&Change| change.lexicon == lexicon && change.at.command <= command;
        let last = changes.iter().rev().find(seen);
        match last {
            Some(change) => change.stamp,
            None if FORGOTTEN.get() => new_stamp(),
            None => 0,
        }
    })
}

/// The number of rows of `lexicon_delta` that this transaction has written; `None` if it is not known which
/// terms it has changed.
pub fn details_written(lexicon: &str) -> Option<i64> {
    CHANGES.with_borrow(|changes| {
        let last = changes.iter().rev().find(|it| it.lexicon == lexicon);
        last.map_or(Some(0), |change| change.details)
    })
}

/// Whether a further row of the running statement needs no record: it is recorded already that unknown
/// terms have changed, or that a new base has all changes, and nothing was written since.
///
/// All rows of a statement are written before its first AFTER trigger fires, so the base has them all. It
/// does not have those of an outer statement, which goes on writing under an earlier command number.
pub fn is_recorded(lexicon: &str) -> bool {
    let now = snapshot::moment();
    CHANGES.with_borrow(|changes| {
        let last = changes.iter().rev().find(|it| it.lexicon == lexicon);
        last.is_some_and(|change| {
            let is_in_base = change.in_base_of == Some(snapshot::command_seen());
            (change.details.is_none() || is_in_base) && change.at == now
        })
    })
}

/// Forgets the changes since a subtransaction began that is rolled back.
pub fn forget_since(subtransaction: u32) {
    CHANGES.with_borrow_mut(|changes| {
        changes.retain(|change| change.at.subtransaction < subtransaction);
    });
}

/// Forgets all changes: the transaction has ended.
pub fn forget_all() {
    CHANGES.take();
    FORGOTTEN.set(false);
}

/// The output step of SplitMix64 (Steele, Lea and Flood, 2014).
fn scatter(number: u64) -> i64 {
    let mut bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (bits ^ (bits >> 31)) as i64
}
