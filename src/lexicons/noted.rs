//! Recording that the terms of a lexicon changed, and folding the records.
//!
//! Each transaction that changes terms has one row in `termstream.lexicon_change`, with a random token;
//! the XOR of the tokens that a snapshot sees is the fingerprint of the terms it sees. When there are many
//! rows, a transaction F *folds*: it deletes the rows it sees, and puts the XOR of their tokens into its
//! own row.
//!
//! This is right for every reader, whichever transactions are open meanwhile. A snapshot that sees F sees
//! F's row and none of the rows that F deleted; F saw those, so their transactions were committed before F,
//! and their changes are visible to the snapshot too. A snapshot that does not see F sees the rows as they
//! were before. Either way the XOR is over the same tokens, and if F is rolled back, so is the folding.
//!
//! Deleted rows stay in the table while an old snapshot is open anywhere, and reading past ten thousand of
//! them takes milliseconds. So F's row records the snapshot that F had (`seen`). A reader takes the newest
//! such row that it sees, and otherwise reads only rows of transactions that were not over for F: those
//! that `seen` lists as running, and those above its upper end. F deleted all others, or found them
//! deleted. A row that F saw but could not delete, because another transaction was folding it, F lists as
//! running.
//!
//! Making a new base folds too: the base contains all changes that its snapshot sees, whether they were
//! recorded term by term or not.

use super::{cache, pin, uncommitted};
use crate::pg::subtransaction::subtransaction;
use crate::tables;

/// Number of records at which they are folded; each costs a statement about 50 ns.
const CHANGES_UNFOLDED: i64 = 64;

const SERIALIZATION_FAILURE: &str = "40001";

/// Records a change, for every statement that will see it. `details` is the number of rows in
/// `lexicon_delta` that describe it, or `None` if it is not known which terms changed.
pub fn note(lexicon: &str, details: Option<i64>) {
    pin::lift();
    cache::doubt(lexicon);
    let recorded: Option<bool> =
        tables::TRANSACTION_CHANGE.run(&[lexicon.into()], |rows| rows.get(0, 1));
    let is_recorded = recorded.is_some_and(|detailed| details.is_some() || !detailed);
    if !is_recorded {
        add(lexicon, details.is_some());
    }
    uncommitted::remember(lexicon, details);
}

fn add(lexicon: &str, detailed: bool) {
    let args = [lexicon.into(), detailed.into()];
    let unfolded: Option<i64> = tables::NOTE_CHANGE.run(&args, |rows| rows.get(0, 1));
    if unfolded.unwrap_or(0) > CHANGES_UNFOLDED {
        let no_base: Option<&str> = None;
        let fold = || tables::FOLD_CHANGES.execute(&[lexicon.into(), no_base.into()]);
        // Above READ COMMITTED this fails if another session has folded meanwhile, which is just as good.
        match subtransaction(fold) {
            Err(error) if error.sqlstate != SERIALIZATION_FAILURE => error.rethrow(),
            _ => {}
        }
    }
}

/// Records that a new base, made at the end of `statement`, has all terms that the snapshot `seen` sees.
pub fn note_base(lexicon: &str, seen: &str, statement: u32) {
    note(lexicon, Some(0));
    tables::FOLD_CHANGES.execute(&[lexicon.into(), seen.into()]);
    uncommitted::remember_base(lexicon, statement);
}
