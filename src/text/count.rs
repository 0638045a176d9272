//! How many words a text has, as people count them: `330ml` is one word, though matching sees a number
//! and a unit; each character of a script written without spaces is a word; `&` is the word `and`.

use super::fold::Folded;

impl Folded {
    /// The words of the text that was folded last. `O(tokens)`.
    pub fn word_count(&self) -> usize {
        let tokens = self.tokens();
        let goes_on = tokens.windows(2).filter(|pair| {
            let (before, token) = (&pair[0], &pair[1]);
            // One character that folds to several words (`½`) is one, too.
            let is_same = token.source_start < before.source_end;
            is_same || token.joined() && !token.unspaced() && !before.unspaced()
        });
        tokens.len() - goes_on.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(text: &str) -> usize {
        let mut folded = Folded::new();
        folded.fold(text);
        folded.word_count()
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
    }
}
