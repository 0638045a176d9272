//! How far one step of a search goes.

use std::ops::Range;

use crate::bounds::Interrupts;

/// How much of a folded piece of text is searched.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'a> {
    /// The words at which a window may begin; fuzzy windows may begin at others, too.
    pub firsts: &'a Range<usize>,
    /// With more candidates than this the search ends early.
    pub most: usize,
    pub interrupts: &'a Interrupts,
}
