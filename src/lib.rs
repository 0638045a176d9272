//! termstream: finds known terms in messy text inside Postgres, as the rows stream in.
//!
//! ```text
//! text, lexicon ◀── lexicons ◀── matching ◀──┐
//! distance ◀─────────────────────────────────┼── api
//! record, load ◀─── stream ◀─────────────────┘
//! pg (std + pgrx only) ◀── tables ◀── lexicons ◀── stream
//! ```
//!
//! An arrow points from a module to one that it uses; none points back (`core/tests/house` tests it). `text`,
//! `distance`, `lexicon`, `record` and `load` are modules of the crate `termstream-core`, which needs no
//! Postgres; all others may use `pg`.

mod api;
mod lexicons;
mod matching;
mod pg;
mod stream;
mod tables;

::pgrx::pg_module_magic!(name, version);

/// Called by Postgres when a backend loads the library.
#[pgrx::pg_guard]
extern "C-unwind" fn _PG_init() {
    stream::register_settings();
    pg::setting::reserve_prefix();
    pg::transaction::register(&[lexicons::CALLBACKS, stream::CALLBACKS]);
    pg::worker::register(stream::work_on_load);
}
