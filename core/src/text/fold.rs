//! Folding a text: the walk over its bytes. ASCII goes by one table and in whole words; every other
//! character through the cache of foldings. `builder` makes the tokens out of either.

use std::ops::Range;

use super::ascii;
use super::builder::Builder;
use super::cache::Cache;
use super::letters::Letters;
use super::span::{self, Cluster};
use super::token::Token;
use super::unicode::Kind;

/// No character folds to more than as many times its bytes (the most is `ﷺ`, 30 for its 3).
pub(super) const MAX_GROWTH: usize = 16;

/// The positions in the letters of a text of this many bytes fit `u32`.
pub const MAX_TEXT: usize = u32::MAX as usize / MAX_GROWTH;

/// A folded text, and the buffers to fold the next one without allocating.
///
/// ```
/// use termstream_core::text::Folded;
///
/// let mut folded = Folded::new();
/// folded.fold("Crème BRÛLÉE");
/// assert_eq!(folded.letters(), b"cremebrulee");
/// assert_eq!(folded.tokens().len(), 2);
/// ```
pub struct Folded {
    letters: Letters,
    tokens: Vec<Token>,
    /// The stretches in which letters and original do not correspond byte for byte; see `span`.
    clusters: Vec<Cluster>,
    pub(super) ascii: bool,
    cache: Cache,
}

impl Folded {
    /// Makes empty buffers; [`Folded::fold`] fills them.
    pub fn new() -> Folded {
        Folded {
            letters: Letters::new(),
            tokens: Vec::new(),
            clusters: Vec::new(),
            ascii: true,
            cache: Cache::new(),
        }
    }

    /// Folds `text`, in place of what was folded before. Reads no further than [`MAX_TEXT`] bytes:
    /// the caller refuses longer texts, or says that it cut them.
    pub fn fold(&mut self, text: &str) {
        self.walk::<true>(text);
    }

    /// The folded UTF-8 of all tokens, run together without separators.
    pub fn letters(&self) -> &[u8] {
        self.letters.as_slice()
    }

    /// The letters, and at least sixteen bytes more that mean nothing.
    pub(crate) fn padded(&self) -> &[u8] {
        self.letters.padded()
    }

    /// The words, in the order of the text.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Whether the letters are all ASCII (the original need not be).
    pub fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// The bytes of the original that a person would mark for a range of the letters: whole
    /// characters, with their combining marks. The range is on character boundaries of the letters.
    ///
    /// `O(log n)`; where the range is that of whole tokens, the tokens say the same for nothing.
    pub fn source_of(&self, letters: Range<usize>) -> Range<usize> {
        span::source_of(&self.tokens, &self.clusters, letters)
    }

    /// The letter itself, or the first that came of the same character. `O(log n)`.
    pub(crate) fn letter_border(&self, letter: usize) -> usize {
        span::border(&self.tokens, &self.clusters, letter as u32) as usize
    }

    /// Without `TABLE`, ASCII takes the way of all other characters: for the test that holds the two
    /// ways to the same outcome.
    pub(super) fn walk<const TABLE: bool>(&mut self, text: &str) {
        let text = &text[..text.floor_char_boundary(MAX_TEXT)];
        self.clear(text.len());
        let (builder, cache) = self.begin();
        let (builder, _) = builder.walk::<TABLE>(cache, text, 0, text.len());
        self.ascii = builder.finish();
    }

    /// Forgets what was folded, and makes room for `room` letters.
    pub(super) fn clear(&mut self, room: usize) {
        self.letters.clear(room);
        self.tokens.clear();
        self.clusters.clear();
    }

    /// A builder that folds into these buffers, and the cache of foldings it needs.
    pub(super) fn begin(&mut self) -> (Builder<'_>, &mut Cache) {
        let builder = Builder::new(&mut self.letters, &mut self.tokens, &mut self.clusters);
        (builder, &mut self.cache)
    }
}

impl Builder<'_> {
    /// Folds a text from one byte to another, or to the end of the character there, and returns where
    /// that is.
    ///
    /// One copy of this for all callers, and what it calls for each word is part of it: a row takes 2,700
    /// instructions so, and 3,600 where `border` and `goes_on` are called.
    #[inline(never)]
    pub(super) fn walk<const TABLE: bool>(
        mut self,
        cache: &mut Cache,
        text: &str,
        mut at: usize,
        end: usize,
    ) -> (Self, usize) {
        let bytes = &text.as_bytes()[..end];
        while let Some(&byte) = bytes.get(at) {
            if TABLE && byte < 128 {
                at += match ascii::KIND[byte as usize] {
                    kind @ (Kind::Letter | Kind::Digit) => self.word(kind, &bytes[at..], at as u32),
                    kind => {
                        self.border(kind, at as u32..at as u32 + 1);
                        1
                    }
                };
            } else if let Some(c) = text[at..].chars().next() {
                let end = at + c.len_utf8();
                for part in cache.parts(c) {
                    self.part(*part, at as u32..end as u32);
                }
                at = end;
            }
        }
        (self, at)
    }
}

impl Default for Folded {
    fn default() -> Folded {
        Folded::new()
    }
}
