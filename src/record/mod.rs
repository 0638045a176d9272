//! Bytes to fields: push parsers that never do I/O and never hold more than one bounded record.
#![forbid(unsafe_code)]
