//! How far apart two strings are: one metric per file, each with a cutoff.
#![forbid(unsafe_code)]
