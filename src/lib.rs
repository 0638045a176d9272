//! termstream: finds known terms in messy text inside Postgres, as the rows stream in.
//!
//! ```text
//! text ◀─┬─ distance ◀───────────────────────────┐
//!        └─ lexicon ◀── registry ◀──┐            │
//! record ◀── load ◀─────────────── stream ◀──────├── api
//! own ◀── registry, stream                       │
//! pg (std + pgrx only) ◀── own, registry, stream ┘
//! ```
//!
//! An arrow points at what is used; nothing points back (`house` tests it). The rooms above `pg` know
//! nothing of Postgres: they build and test without it. All of them may use `bounds`.

pub mod bounds;
pub mod distance;
pub mod lexicon;
pub mod load;
pub mod record;
pub mod text;

#[cfg(test)]
mod house;

#[cfg(feature = "pgrx")]
mod api;
#[cfg(feature = "pgrx")]
mod own;
#[cfg(feature = "pgrx")]
mod pg;
#[cfg(feature = "pgrx")]
mod registry;
#[cfg(feature = "pgrx")]
mod stream;

#[cfg(feature = "pgrx")]
::pgrx::pg_module_magic!(name, version);

/// Called by Postgres when a backend loads the library.
#[cfg(feature = "pgrx")]
#[pgrx::pg_guard]
extern "C-unwind" fn _PG_init() {
    stream::register_settings();
    pg::setting::reserve_prefix();
    pg::transaction::register(&[registry::CALLBACKS, stream::CALLBACKS]);
    pg::worker::register(stream::work_on_load);
}
