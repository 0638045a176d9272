//! Folding and tokenising: what makes `PEPSI™`, `pepsi's` and `Pépsi` the same word, and where each
//! folded letter stood in the original.
#![forbid(unsafe_code)]
