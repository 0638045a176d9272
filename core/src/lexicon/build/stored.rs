//! The compiled form as it is kept in a table: without the slots of the dictionary, which all lexicons of
//! a language have in common. They are 2.8 MB; the rest is 0.6 MB with 237 brands, and 1.6 MB with 4,000.

use std::ops::Range;

use super::builder::Builder;
use crate::bounds::{Interrupts, filled};
use crate::lexicon::error::LexiconError;
use crate::lexicon::form::{Compiled, Header};
use crate::lexicon::parts::Lexicon;
use crate::lexicon::settings::Settings;

impl Lexicon {
    /// The compiled form in two pieces, between which the slots of the dictionary are left out.
    /// [`Lexicon::from_stored`] takes the pieces, one right after the other.
    pub fn to_stored(&self) -> [&[u8]; 2] {
        let bytes = self.to_bytes();
        let Range { start, end } = self.base.compiled.header.dictionary();
        [&bytes[..start], &bytes[end..]]
    }

    /// Opens a copy of the compiled form, with the slots of the dictionary put back: `words` are those that
    /// [`Builder::dictionary`] was given, and are read only if it was given any. A damaged or foreign
    /// buffer, or other words, are an error.
    pub fn from_stored<'w>(
        bytes: &[u8],
        words: impl Iterator<Item = &'w str>,
        interrupts: &Interrupts,
    ) -> Result<Lexicon, LexiconError> {
        let place = Header::of_stored(bytes)?.dictionary();
        let mut slots = Vec::new();
        if !place.is_empty() {
            let mut builder = Builder::new(Settings::default()).interrupted_by(interrupts.clone());
            builder.dictionary(words)?;
            slots = builder.dictionary_slots()?;
        }
        let slots: &[u8] = bytemuck::cast_slice(&slots);
        if slots.len() != place.len() {
            return Err(LexiconError::Damaged);
        }
        let (before, behind) = bytes.split_at(place.start);
        let total = bytes.len() + slots.len();
        let mut whole = filled(0u64, total / 8, interrupts)?;
        let room: &mut [u8] = bytemuck::cast_slice_mut(&mut whole);
        let mut start = 0;
        for piece in [before, slots, behind] {
            room[start..start + piece.len()].copy_from_slice(piece);
            start += piece.len();
        }
        Compiled::owned(whole, interrupts).map(Lexicon::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::TermOptions;

    const WORDS: [&str; 3] = ["roti", "Kellogg", "kurta"];

    fn lexicon(words: &[&str]) -> Lexicon {
        let mut builder = Builder::new(Settings::default());
        builder.dictionary(words.iter().copied()).unwrap();
        for (id, term) in (0..).zip(["Pepsi", "Coca-Cola"]) {
            builder.add(id, term, TermOptions::default()).unwrap();
        }
        builder.finish().unwrap()
    }

    fn opened(bytes: &[u8], words: &[&str]) -> Result<Vec<u8>, LexiconError> {
        Lexicon::from_stored(bytes, words.iter().copied(), &Interrupts::default())
            .map(|lexicon| lexicon.to_bytes().to_vec())
    }

    #[test]
    fn what_was_stored_is_the_same_when_it_is_opened() {
        for words in [&WORDS[..], &[]] {
            let lexicon = lexicon(words);
            let stored = lexicon.to_stored().concat();
            assert_eq!(
                stored.len() + words.len() * 2 * 8,
                lexicon.to_bytes().len(),
                "{words:?}"
            );
            assert_eq!(opened(&stored, words).unwrap(), lexicon.to_bytes());
        }
        // A lexicon without a dictionary is not given one.
        let without = lexicon(&[]);
        let stored = without.to_stored().concat();
        assert_eq!(opened(&stored, &WORDS).unwrap(), without.to_bytes());
    }

    #[test]
    fn other_words_and_other_bytes_are_refused() {
        let stored = lexicon(&WORDS).to_stored().concat();
        assert!(opened(&stored, &["roti", "Kellogg", "other"]).is_err());
        assert!(opened(&stored, &WORDS[..2]).is_err());
        for length in 0..stored.len() {
            assert!(opened(&stored[..length], &WORDS).is_err(), "{length} bytes");
        }
        for at in 0..stored.len() {
            for bit in [1, 128] {
                let mut damaged = stored.clone();
                damaged[at] ^= bit;
                assert!(opened(&damaged, &WORDS).is_err(), "byte {at}");
            }
        }
    }
}
