//! The mark of a value that is left out, in rows that can hold only texts and NULLs.
//!
//! A column that COPY or INSERT does not name gets the default of the stream's view, and the triggers see
//! it as a text like any other. So the view's default is `termstream.left_out()`, a random mark of the
//! session, to which no text from elsewhere is equal. A feeder whose rows leave out different columns,
//! which COPY cannot express before Postgres 16, makes a mark of its own and sets it.

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};
use std::cell::RefCell;
use std::ffi::CString;

use crate::pg::error::Raise;
use crate::pg::random::random;

static MARK: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

thread_local! {
    /// The random mark, once it was needed.
    static RANDOM_MARK: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Defines the setting `termstream.left_out`.
pub fn register() {
    GucRegistry::define_string_guc(
        c"termstream.left_out",
        c"Sets the text that marks a value as left out, in rows for a stream.",
        c"The column gets its default. If empty, the session uses a random text, which termstream.left_out() returns.",
        &MARK,
        GucContext::Userset,
        GucFlags::default(),
    );
}

/// The mark of this session: the setting, or a random mark if it is empty.
pub fn mark() -> Result<String, Raise> {
    match MARK.get() {
        Some(set) if !set.is_empty() => Ok(set.to_string_lossy().into_owned()),
        _ => random_mark(),
    }
}

/// The random mark of this session.
fn random_mark() -> Result<String, Raise> {
    RANDOM_MARK.with_borrow_mut(|drawn| {
        if let Some(drawn) = drawn {
            return Ok(drawn.clone());
        }
        let number = u128::from_ne_bytes(random()?);
        Ok(drawn.insert(format!("default-{number:032x}")).clone())
    })
}
