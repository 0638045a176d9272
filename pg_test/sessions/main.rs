//! What users of the extension see, from outside: every test opens sessions of its own on a private
//! server, in a database of its own.
//!
//! `./run test` starts the server and names it in `TERMSTREAM_TEST_DSN` (see `pg_test/all.sh`).

mod database;
mod fixtures;

mod matching;
