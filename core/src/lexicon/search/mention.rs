//! What a search finds.

/// How closely a mention is written like its term; ordered from closest to farthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Byte for byte as the term.
    Exact,
    /// With the term's letters after folding: case, accents, punctuation and spaces may differ.
    Folded,
    /// Misspelled: with one or more edits.
    Fuzzy,
}

impl Kind {
    /// The kind as SQL names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Exact => "exact",
            Kind::Folded => "folded",
            Kind::Fuzzy => "fuzzy",
        }
    }
}

/// A term found in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mention {
    /// Number of the term, for [`Lexicon::term_id`](crate::lexicon::Lexicon::term_id) and
    /// [`Lexicon::term_text`](crate::lexicon::Lexicon::term_text).
    pub term: u32,
    /// The first byte of the mention in the original text.
    pub start: usize,
    /// The byte after the mention's last.
    pub end: usize,
    /// How many edits the mention is away from the term, 0 to 2.
    pub distance: u8,
    /// 1 - distance / letters of the longer of mention and term; 1 without edits.
    pub similarity: f32,
    /// How closely the mention is written like the term.
    pub kind: Kind,
}
