//! The SQL surface: convert, call, map the error.
