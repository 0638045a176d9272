//! What users of the extension see, from outside: every test opens sessions of its own on a private
//! server, in a database of its own.
//!
//! `./run test` starts the server and names it in `TERMSTREAM_TEST_DSN` (see `pg_test/all.sh`).

mod bounds;
mod building;
mod checks;
mod column_list;
mod counting;
mod database;
mod defaults;
mod deferred;
mod dump;
mod feeders;
mod fixtures;
mod forgetting;
mod general;
mod hostile;
mod inbox;
mod large;
mod learning;
mod load_cancel;
mod load_file;
mod load_file_formats;
mod load_file_options;
mod load_file_parallel;
mod load_file_resume;
mod load_privacy;
mod long_texts;
mod matching;
mod memory;
mod misuse;
mod noting;
mod reference;
mod rejects;
mod replication;
mod retry;
mod rights;
mod select_list;
mod server;
mod source;
mod source_kinds;
mod standby;
mod statement;
mod stopping;
mod stream;
mod upgrade;
mod visibility;
