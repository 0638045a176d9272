//! How many words a text has, as people count them: `330ml` is one word, though matching sees a number
//! and a unit; each character of a script written without spaces is a word; `&` is the word `and`.

use super::fold::Folded;
use super::pieces::{Pieces, Room};
use crate::bounds::{Interrupts, OutOfMemory};

/// Words that are folded at a time.
const PIECE: usize = 2048;

impl Folded {
    /// The words of a text, which is folded piece by piece.
    pub fn count_words(
        &mut self,
        text: &str,
        interrupts: &Interrupts,
    ) -> Result<usize, OutOfMemory> {
        let (mut pieces, mut words) = (Pieces::of(text), 0);
        loop {
            let piece = pieces.fold(self, Room::of(PIECE), 0, interrupts)?;
            let own = piece.own.clone();
            words += own.filter(|&token| self.begins_word(token)).count();
            if piece.is_last {
                return Ok(words);
            }
            pieces.go_on(self, piece.own.end);
        }
    }

    /// Whether a token does not go on with the word of the one before.
    fn begins_word(&self, token: usize) -> bool {
        let tokens = self.tokens();
        let before = token.checked_sub(1).and_then(|before| tokens.get(before));
        let (Some(before), Some(token)) = (before, tokens.get(token)) else {
            return true;
        };
        // One character that folds to several words (`½`) is one, too.
        let is_same = token.source_start < before.source_end;
        let goes_on = token.joined() && !token.unspaced() && !before.unspaced();
        !is_same && !goes_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(text: &str) -> usize {
        let mut folded = Folded::new();
        folded.count_words(text, &Interrupts::default()).unwrap()
    }

    #[test]
    fn words_are_counted_as_people_count_them() {
        for (text, words) in [
            ("", 0),
            (" \t\n… — !", 0),
            ("one", 1),
            ("The quick brown fox", 4),
            ("Fish & chips", 3),
            ("don't, O'Brien's", 2),
            ("330ml of coca-cola", 4),
            ("½ litre", 2),
            ("a\u{AD}b  c", 2),
            ("Déjà vu, Straße", 3),
            ("牛乳", 2),
            ("Привет, мир", 2),
            ("שלום עולם", 2),
        ] {
            assert_eq!(count(text), words, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn plain_texts_are_split_where_no_letter_stands(text in "[a-zA-Z0-9 .,;:!?()/+-]{0,80}") {
            let twin = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            prop_assert_eq!(count(&text), twin.count());
        }

        #[test]
        fn a_text_and_itself_have_twice_as_many(text in ".{0,40}") {
            let twice = format!("{text} . {text}");
            prop_assert_eq!(count(&twice), 2 * count(&text));
        }

        #[test]
        fn a_long_text_has_as_many_as_its_parts(text in ".{0,40}", times in 1usize..500) {
            let long = format!("{text} . ").repeat(times);
            prop_assert_eq!(count(&long), times * count(&text));
        }
    }
}
