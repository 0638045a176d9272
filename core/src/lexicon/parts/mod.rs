//! Parts: a lexicon is its base, the compiled form, and perhaps a delta beside it: the terms added and
//! removed since. Base and delta are searched by the same rules; this room makes one list of what is found
//! in the two.

mod changes;
mod layer;
mod lexicon;
mod part;
mod union;

pub(crate) use changes::{Changes, Term};
pub(crate) use layer::Layer;
pub use lexicon::Lexicon;
pub(crate) use part::{Both, Part, Side};
