//! One run of ingestion as a state machine without I/O: batches, rejects, limits, counts, position.
#![forbid(unsafe_code)]
