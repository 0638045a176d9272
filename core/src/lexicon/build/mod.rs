//! Build: compiles terms, ordinary words and learned documents into a lexicon. Refuses terms without a letter
//! or digit and terms that are too long, which are counted, and more terms than the form has room for.

mod assemble;
mod builder;
mod groups;
mod learner;
mod stored;

pub use builder::{Added, Builder, MAX_TERM_BYTES};
pub(crate) use builder::{NAMED_SKIPPED, fold_term};
pub use learner::Learner;
