//! Safe wrappers around what pgrx lacks. This is the only module with unsafe code. It knows Postgres, but
//! nothing of terms, records or streams.

pub mod argument;
pub mod callsite;
pub mod catalog;
pub mod clock;
pub mod column;
pub mod compat;
pub mod cursor;
pub mod default;
pub mod encoding;
pub mod error;
pub mod input;
pub mod interrupts;
pub mod lock;
pub mod memory;
pub mod parse;
pub mod plan;
pub mod position;
pub mod procedure;
pub mod random;
pub mod relation;
pub mod rows;
pub mod running;
pub mod series;
pub mod session;
pub mod setting;
pub mod shared_file;
pub mod snapshot;
pub mod subtransaction;
pub mod table;
pub mod text;
pub mod transaction;
pub mod trigger;
pub mod user;
pub mod worker;
