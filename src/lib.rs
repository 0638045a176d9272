//! termstream: finds known terms in messy text inside Postgres, as the rows stream in.
//!
//! ```text
//! text, distance, lexicon ◀── registry ◀──┬── api
//! record, load ◀───────────── stream ◀────┘
//! pg (std + pgrx only) ◀── own ◀── registry ◀── stream
//! ```
//!
//! An arrow points at what is used; nothing points back (`core/tests/house` tests it). What stands on the
//! left needs no Postgres, and is the crate `termstream-core`; all of the right may use `pg`.

mod api;
mod own;
mod pg;
mod registry;
mod stream;

::pgrx::pg_module_magic!(name, version);

/// Called by Postgres when a backend loads the library.
#[pgrx::pg_guard]
extern "C-unwind" fn _PG_init() {
    stream::register_settings();
    pg::setting::reserve_prefix();
    pg::transaction::register(&[registry::CALLBACKS, stream::CALLBACKS]);
    pg::worker::register(stream::work_on_load);
}
