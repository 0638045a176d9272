//! What stands for a value that is left out, where rows have but texts and NULLs.
//!
//! A column that COPY or INSERT does not name gets the default of the stream's view, and the triggers see
//! a text like any other. So the view's default is `termstream.left_out()`, a mark that each session draws
//! by chance: no text that comes from elsewhere is equal to it. A feeder whose rows leave out now this
//! column and now that one, which COPY cannot say before Postgres 16, draws a mark of its own and sets it.

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};
use std::cell::RefCell;
use std::ffi::CString;

use crate::pg::error::Raise;
use crate::pg::random::random;

static MARK: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

thread_local! {
    static DRAWN: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Defines the setting.
pub fn register() {
    GucRegistry::define_string_guc(
        c"termstream.left_out",
        c"Sets the text that stands for a value left out, in rows on their way into a stream.",
        c"The column gets its default. Where it is empty, the session draws a text by chance: termstream.left_out() tells it.",
        &MARK,
        GucContext::Userset,
        GucFlags::default(),
    );
}

/// The mark of this session: as it is set, or else drawn once.
pub fn mark() -> Result<String, Raise> {
    match MARK.get() {
        Some(set) if !set.is_empty() => Ok(set.to_string_lossy().into_owned()),
        _ => drawn(),
    }
}

fn drawn() -> Result<String, Raise> {
    DRAWN.with_borrow_mut(|drawn| {
        if let Some(drawn) = drawn {
            return Ok(drawn.clone());
        }
        let number = u128::from_ne_bytes(random()?);
        Ok(drawn.insert(format!("default-{number:032x}")).clone())
    })
}
