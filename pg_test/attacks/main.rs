//! Attacks by ordinary roles: each proves that it fails, and that the honest use beside it works.
//!
//! `mallory` is a login role with a schema of her own and no other right. She wants to become superuser, to
//! read or change what is another's, to end the server, or to hold others up. `SECURITY.md` says what
//! each role can do.

#[allow(dead_code)]
#[path = "../sessions/database.rs"]
mod database;
mod feeders;
mod holding;
mod lexicons;
mod listing;
mod mallory;
mod memory;
mod note_change;
mod renamed;
mod schema;
mod streams;
mod waiting;
