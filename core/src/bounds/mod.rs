//! What keeps long work inside a server within bounds: it asks now and then whether it should go on, and
//! memory that input drives is asked for in a way that can be refused.
#![forbid(unsafe_code)]

mod growth;
mod interrupts;

pub use growth::{Grow, OutOfMemory, collected, extend, filled, room_for};
pub use interrupts::{EVERY, Interrupts};
