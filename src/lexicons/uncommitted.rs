//! The changes of lexicons' sources that the own transaction has made and not committed.
//!
//! Other sessions see one token for all of them, when they are committed. The own transaction must tell
//! the terms after one of its changes from those after the next: each change has a stamp, and a
//! statement sees the last one that was made before its own command. So a cursor goes on with the terms
//! of its beginning, and a transaction of ten thousand changes writes one row about them, not ten
//! thousand.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::pg::snapshot::{self, Moment};

struct Change {
    lexicon: String,
    at: Moment,
    /// Random enough that folded into a fingerprint it is met once.
    stamp: i64,
    /// Rows of `lexicon_delta` that tell of it and of the changes before it; `None` where nobody knows
    /// what changed.
    details: Option<i64>,
    /// A base was made of the terms as they are after this statement, known by the command up to which
    /// it sees what the own transaction wrote.
    in_base_of: Option<u32>,
}

/// Changes remembered of one transaction, the last. Whoever looks at terms before them (a cursor that was
/// opened thousands of changes ago) compiles what he sees each time.
const REMEMBERED: usize = 4_096;

thread_local! {
    static CHANGES: RefCell<VecDeque<Change>> = const { RefCell::new(VecDeque::new()) };
    /// Whether some were forgotten.
    static FORGOTTEN: Cell<bool> = const { Cell::new(false) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// Remembers that terms have changed up to now. `details`: the rows that say which, if they do.
pub fn remember(lexicon: &str, details: Option<i64>) {
    let at = snapshot::moment();
    let before = own_details(lexicon);
    CHANGES.with_borrow_mut(|changes| {
        // Nothing can have looked between it and another one of this moment.
        let same = |change: &Change| change.at == at;
        let first = changes.len() - changes.iter().rev().take_while(|it| same(it)).count();
        let known = (first..changes.len()).find(|&number| changes[number].lexicon == lexicon);
        if let Some(number) = known {
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

/// Remembers that all changes up to now are in a new base, which was made at the end of `statement`.
pub fn restart(lexicon: &str, statement: u32) {
    remember(lexicon, Some(0));
    CHANGES.with_borrow_mut(|changes| {
        if let Some(last) = changes.back_mut() {
            (last.details, last.in_base_of) = (Some(0), Some(statement));
        }
    });
}

/// Tells the terms that the running statement sees from those before and after other changes of the
/// own transaction; 0 if it sees none.
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

/// Rows of `lexicon_delta` that the own transaction has written; `None` if it has changed what nobody
/// can say.
pub fn own_details(lexicon: &str) -> Option<i64> {
    CHANGES.with_borrow(|changes| {
        let last = changes.iter().rev().find(|it| it.lexicon == lexicon);
        last.map_or(Some(0), |change| change.details)
    })
}

/// Whether it is known that the terms have changed in a way that nobody can say, or that they are in a new
/// base, and nothing was written since: one more row of the statement that did it needs no word.
///
/// The rows of a statement are there before its first AFTER trigger fires, so the base has them all; but
/// not those of a statement around it, which goes on writing under a command number of before.
pub fn is_told(lexicon: &str) -> bool {
    let now = snapshot::moment();
    CHANGES.with_borrow(|changes| {
        let last = changes.iter().rev().find(|it| it.lexicon == lexicon);
        last.is_some_and(|change| {
            let is_in_base = change.in_base_of == Some(snapshot::command_seen());
            (change.details.is_none() || is_in_base) && change.at == now
        })
    })
}

/// Forgets what was done since the subtransaction began, which is undone.
pub fn forget_since(subtransaction: u32) {
    CHANGES.with_borrow_mut(|changes| {
        changes.retain(|change| change.at.subtransaction < subtransaction);
    });
}

/// Forgets all: the transaction has ended.
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
