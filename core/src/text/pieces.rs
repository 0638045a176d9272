//! A long text folded piece by piece, so that what is kept of it at a time is bounded, however long it
//! is: the tokens of all pieces together are exactly those of the whole text.
//!
//! A piece ends somewhere behind its own tokens, perhaps within a word; the next one begins with a
//! token or a few before its own. So each own token stands among its true neighbours:
//!
//! ```text
//! piece 1   [coca cola] zero 330ml wi
//! piece 2          cola [zero 330ml with] lays chips
//! ```
//!
//! Own tokens are those in brackets. How far the piece reads on behind them is the caller's choice: as
//! far as whatever begins with an own token may reach. The first token of a piece that is not the first
//! does not know what stands before it, which is why it is never an own one.

use std::ops::Range;

use super::builder::Builder;
use super::fold::{Folded, MAX_TEXT};
use crate::bounds::{Interrupts, OutOfMemory};

/// Letters that are folded in about the time that another step takes.
const LETTERS_A_STEP: usize = 16;

/// How much of a text one piece holds. A single word may be longer, and is folded whole.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The piece ends when it has this many own tokens, or `letters` letters.
    pub tokens: usize,
    /// Bytes of letters at which the piece ends.
    pub letters: usize,
    /// Bytes of the text read between two checks of these limits.
    pub stride: usize,
}

impl Room {
    /// Room for `tokens` tokens, with letters and stride to match.
    pub fn of(tokens: usize) -> Room {
        Room {
            tokens,
            letters: 16 * tokens,
            stride: (2 * tokens).clamp(64, 1024),
        }
    }
}

impl Room {
    fn of_at_least(self, least: usize) -> Room {
        Room {
            tokens: self.tokens.max(least),
            letters: self.letters.max(least),
            stride: self.stride.max(1),
        }
    }
}

/// The piece that was folded last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The piece's own tokens, as a range of [`Folded::tokens`]; the others belong to its neighbours.
    pub own: Range<usize>,
    /// Whether the text ends with this piece.
    pub is_last: bool,
}

/// A text and how far it has been folded.
pub struct Pieces<'t> {
    text: &'t str,
    /// The byte where the next piece begins; `before` tokens stand there before its own.
    from: usize,
    before: usize,
}

impl<'t> Pieces<'t> {
    /// Begins a text. What lies beyond [`MAX_TEXT`] bytes is not read.
    pub fn of(text: &'t str) -> Pieces<'t> {
        Pieces {
            text: &text[..text.floor_char_boundary(MAX_TEXT)],
            from: 0,
            before: 0,
        }
    }

    /// Folds the next piece. Behind the last of its own tokens stand at least `reach` letters more, as
    /// many bytes where all are ASCII, and four times as many elsewhere; or the text ends.
    pub fn fold(
        &self,
        folded: &mut Folded,
        room: Room,
        reach: usize,
        interrupts: &Interrupts,
    ) -> Result<Piece, OutOfMemory> {
        // A piece has room for own tokens beside those that are read for their sake.
        let piece = self.fold_once(folded, room.of_at_least(reach + 64), reach, interrupts)?;
        if piece.is_last || !piece.own.is_empty() {
            return Ok(piece);
        }
        self.fold_once(folded, room.of_at_least(4 * reach + 64), reach, interrupts)
    }

    fn fold_once(
        &self,
        folded: &mut Folded,
        room: Room,
        reach: usize,
        interrupts: &Interrupts,
    ) -> Result<Piece, OutOfMemory> {
        let is_last = folded.fold_piece(self.text, self.from, self.before, room, interrupts)?;
        let tokens = folded.tokens();
        let mut end = tokens.len();
        if !is_last {
            // The last token may go on behind the piece.
            end = end.saturating_sub(1);
            let letters = tokens.last().map_or(0, |last| last.start as usize);
            let reach = if folded.is_ascii() { reach } else { 4 * reach };
            let complete = |start: u32| start as usize + reach <= letters;
            end = end.min(tokens.partition_point(|token| complete(token.start)));
            // Words of one character stay together.
            end = folded.border(end);
        }
        Ok(Piece {
            own: self.before.min(end)..end,
            is_last,
        })
    }

    /// Makes `token` of the last piece the first own token of the next.
    pub fn go_on(&mut self, folded: &Folded, token: usize) {
        let tokens = folded.tokens();
        let Some(before) = token.checked_sub(1) else {
            return;
        };
        let first = folded.border(before);
        if let Some(start) = tokens.get(first) {
            self.from = start.source_start as usize;
            self.before = token - first;
        }
    }
}

impl Folded {
    /// The first token that comes of the same character as this one: `½` is two words. Mostly the token
    /// itself.
    pub fn border(&self, mut token: usize) -> usize {
        let tokens = self.tokens();
        while token > 0
            && let (Some(before), Some(own)) = (tokens.get(token - 1), tokens.get(token))
            && before.source_start == own.source_start
        {
            token -= 1;
        }
        token
    }

    /// Folds a text from a byte on until there is no more room, and says whether to its end. Before the
    /// own tokens stand `before` others. Of the tokens, the last may be the beginning of a word.
    fn fold_piece(
        &mut self,
        text: &str,
        from: usize,
        before: usize,
        room: Room,
        interrupts: &Interrupts,
    ) -> Result<bool, OutOfMemory> {
        self.clear(0);
        let mut at = from;
        let (mut builder, cache) = self.begin();
        while at < text.len() && !builder.is_full(before, room) {
            let end = text.len().min(at + room.stride);
            builder.reserve(end - at)?;
            (builder, at) = builder.walk::<true>(cache, text, at, end);
            interrupts.steps(room.stride / LETTERS_A_STEP);
        }
        let is_last = at >= text.len();
        self.ascii = builder.finish();
        Ok(is_last)
    }
}

impl Builder<'_> {
    /// Whether there are as many own tokens or letters as a piece has room for. A word that is being
    /// read does not count, so that one without an end is read to its end.
    fn is_full(&self, before: usize, room: Room) -> bool {
        let tokens = self.tokens();
        let start = tokens.get(before).map_or(u32::MAX, |first| first.start);
        let letters = self.open_start().saturating_sub(start) as usize;
        tokens.len() >= before + room.tokens || letters >= room.letters
    }
}

#[cfg(test)]
mod tests {
    use super::super::properties::text;
    use super::*;
    use crate::text::Token;
    use proptest::prelude::*;
    use std::cell::Cell;

    /// All that a token says, with its letters in place of where they stand.
    fn row(folded: &Folded, token: &Token) -> String {
        let letters = &folded.letters()[token.start as usize..token.end as usize];
        let place = Token {
            start: 0,
            end: 0,
            ..*token
        };
        format!("{} {place:?}", String::from_utf8_lossy(letters))
    }

    fn whole(text: &str) -> Vec<String> {
        let mut folded = Folded::new();
        folded.fold(text);
        folded
            .tokens()
            .iter()
            .map(|token| row(&folded, token))
            .collect()
    }

    fn in_pieces(text: &str, room: Room, reach: usize) -> Vec<String> {
        let (mut folded, mut pieces) = (Folded::new(), Pieces::of(text));
        let mut rows = Vec::new();
        loop {
            let piece = pieces
                .fold(&mut folded, room, reach, &Interrupts::default())
                .unwrap();
            let own = &folded.tokens()[piece.own.clone()];
            rows.extend(own.iter().map(|token| row(&folded, token)));
            if piece.is_last {
                return rows;
            }
            assert!(!piece.own.is_empty(), "{text:?}");
            pieces.go_on(&folded, piece.own.end);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn pieces_have_the_tokens_of_the_whole(text in text(), times in 1usize..60, tokens in 1usize..200, stride in 1usize..40, reach in 0usize..3) {
            let text = text.repeat(times);
            let room = Room { tokens, letters: 4 * tokens, stride };
            prop_assert_eq!(in_pieces(&text, room, reach), whole(&text));
        }
    }

    thread_local! {
        static ASKED: Cell<usize> = const { Cell::new(0) };
    }

    /// What stands in memory at a time, and what is folded between two questions whether to go on.
    #[test]
    fn a_long_text_is_folded_in_bounded_steps_and_pieces() {
        for piece in [
            "x ", "!", "e\u{301}", "\u{301}", "牛", "ำ", "1a", "½", "ﷺ", "it's ", "\u{1f}", "x",
        ] {
            let text = piece.repeat(300_000 / piece.len());
            let (mut folded, mut pieces) = (Folded::new(), Pieces::of(&text));
            let (mut most, mut all) = (0, 0);
            ASKED.set(0);
            let interrupts = Interrupts::new(|| ASKED.set(ASKED.get() + 1));
            loop {
                let piece = pieces
                    .fold(&mut folded, Room::of(1000), 10, &interrupts)
                    .unwrap();
                most = most.max(folded.tokens().len());
                all += piece.own.len();
                if piece.is_last {
                    break;
                }
                pieces.go_on(&folded, piece.own.end);
            }
            let (asked, expected) = (ASKED.get(), text.len() / LETTERS_A_STEP / 1024);
            assert!(
                (expected..=2 * expected).contains(&asked),
                "{piece:?}: {asked}"
            );
            assert!(most < 4000, "{piece:?}: {most}");
            assert_eq!(all, whole(&text).len(), "{piece:?}");
        }
    }
}
