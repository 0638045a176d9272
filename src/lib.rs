//! termstream: finds known terms in messy text inside Postgres, as the rows stream in.
//!
//! ```text
//! text ◀── distance ◀── lexicon ◀──────────┐
//! record ◀──────────── load                 ├── api
//! pg (std + pgrx only) ◀────────────────────┘
//! ```
//!
//! An arrow points at what is used; nothing points back. The rooms above `pg` know nothing of
//! Postgres: they build and test without it.

pub mod distance;
pub mod lexicon;
pub mod load;
pub mod record;
pub mod text;

#[cfg(feature = "pgrx")]
mod api;
#[cfg(feature = "pgrx")]
mod pg;
#[cfg(feature = "pgrx")]
mod registry;

#[cfg(feature = "pgrx")]
::pgrx::pg_module_magic!(name, version);
