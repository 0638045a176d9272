//! Interruptions at random moments, and long mixed use: nothing is left behind.
//!
//! `TERMSTREAM_LONG=1` interrupts a thousand times and soaks for half an hour, or for `TERMSTREAM_SOAK`
//! seconds; otherwise both are short. The seed is printed, and `TERMSTREAM_SEED` gives it back.

mod cancels;
#[allow(dead_code)]
#[path = "../sessions/database.rs"]
mod database;
mod left;
mod random;
mod soak;
