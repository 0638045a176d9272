//! Noting that the terms of a lexicon changed, and folding what was noted.
//!
//! Each transaction that changes terms has one row in `termstream.lexicon_change`, with a random token;
//! the XOR of the tokens that a snapshot sees is the fingerprint of the terms it sees. When there are many
//! rows, a transaction F *folds*: it deletes the rows it sees, and puts the XOR of their tokens into its
//! own row.
//!
//! Why that is right for every reader, whatever is open meanwhile: a snapshot that sees F sees F's row and
//! none of those that F deleted; F saw them, so they were committed before F was, and belong to what the
//! snapshot sees. One that does not see F sees the rows as they were. Either way the XOR is over the same
//! tokens, and if F is rolled back, so is the folding.
//!
//! Deleted rows stay in the table while an old snapshot is open anywhere, and reading past ten thousand of
//! them takes milliseconds. So F's row keeps what F saw (`seen`): a reader takes the newest such row that
//! it sees, and beside it only rows of transactions that were not over for F, those which `seen` names as
//! running and those above its end. The others need no look, for F deleted them, or found them deleted. A
//! row that F saw and could not delete, since another transaction is folding it, F names as running.
//!
//! A new base folds too: what it has seen of the terms is in it, told term by term or not.

use super::{kept, pin, uncommitted};
use crate::pg::subtransaction::subtransaction;
use crate::tables;

/// Changes noted one by one until they are folded; each costs a statement some 50 ns.
const CHANGES_UNFOLDED: i64 = 64;

const SERIALIZATION_FAILURE: &str = "40001";

/// Notes a change for whoever will see it. `details`: how many rows in `lexicon_delta` tell of it, or
/// `None` where nobody knows what changed.
pub fn note(lexicon: &str, details: Option<i64>) {
    pin::lift();
    kept::doubt(lexicon);
    let own: Option<bool> = tables::OWN_CHANGE.run(&[lexicon.into()], |rows| rows.get(0, 1));
    let is_noted = own.is_some_and(|detailed| details.is_some() || !detailed);
    if !is_noted {
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
        // Above read committed it fails where another session has folded meanwhile: then it is done.
        match subtransaction(fold) {
            Err(error) if error.sqlstate != SERIALIZATION_FAILURE => error.rethrow(),
            _ => {}
        }
    }
}

/// Notes that the terms which the snapshot `seen` sees are in a new base, made at the end of `statement`.
pub fn note_base(lexicon: &str, seen: &str, statement: u32) {
    note(lexicon, Some(0));
    tables::FOLD_CHANGES.execute(&[lexicon.into(), seen.into()]);
    uncommitted::restart(lexicon, statement);
}
