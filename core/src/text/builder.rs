//! The tokens as they grow: takes characters one by one, already folded, and decides where a word
//! begins and ends, what an apostrophe was, and which letters do not run in step with the original.

use std::ops::Range;

use unicode_normalization::char::canonical_combining_class;

use super::ascii;
use super::fold::MAX_GROWTH;
use super::letters::Letters;
use super::span::Cluster;
use super::token::{Token, TokenFlags};
use super::unicode::{Kind, Part};
use crate::bounds::{Grow, OutOfMemory};

const NOWHERE: u32 = u32::MAX;

/// Marks beyond this many in a row stay in the order they have, which bounds the time that a
/// hostile text can take. The number is that of UAX #15, "Stream-Safe Text Format".
const MAX_MARKS: usize = 30;

pub(super) struct Builder<'a> {
    letters: &'a mut Letters,
    tokens: &'a mut Vec<Token>,
    clusters: &'a mut Vec<Cluster>,
    ascii: bool,
    /// The kind of the word being read: `Letter`, `Digit` or `Unspaced`; `Separator` between words.
    kind: Kind,
    /// The word being read; its ends are set when it closes, but for `source_end`, which follows.
    open: Token,
    /// Where in the original an apostrophe stands of which it is not yet known whether the word
    /// goes on behind it.
    apostrophe: u32,
    /// The last apostrophe that vanished from a word, and where the letters end if a single one
    /// follows it.
    vanished: u32,
    suffix_end: u32,
    /// A hard break stands before the next word.
    broken: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        letters: &'a mut Letters,
        tokens: &'a mut Vec<Token>,
        clusters: &'a mut Vec<Cluster>,
    ) -> Builder<'a> {
        let open = Token {
            start: 0,
            end: 0,
            source_start: 0,
            source_end: 0,
            source_end_without_s: 0,
            flags: TokenFlags::default(),
        };
        Builder {
            letters,
            tokens,
            clusters,
            ascii: true,
            kind: Kind::Separator,
            open,
            apostrophe: NOWHERE,
            vanished: NOWHERE,
            suffix_end: NOWHERE,
            broken: false,
        }
    }

    /// The ASCII letters, or digits, that `bytes` begins with; they stand at `at` in the original.
    /// Returns how many they are.
    #[inline(always)]
    pub(super) fn word(&mut self, kind: Kind, bytes: &[u8], at: u32) -> usize {
        let start = self.position();
        if self.goes_on(kind, at) && at != self.open.source_end {
            self.cluster(start, start + 1, at..at + 1);
        }
        let length = ascii::word(kind, bytes, self.letters);
        self.open.source_end = at + length as u32;
        length
    }

    /// A folded character of which `source` is the original.
    pub(super) fn part(&mut self, part: Part, source: Range<u32>) {
        match part.kind {
            Kind::Letter | Kind::Digit | Kind::Unspaced => self.letter(part, source),
            Kind::Mark | Kind::Accent if self.kind == Kind::Separator => {}
            Kind::Mark if self.apostrophe != NOWHERE => self.close(),
            Kind::Accent if self.apostrophe != NOWHERE => {}
            Kind::Mark => self.kept_mark(part.letter, source.end),
            Kind::Accent => self.stretch(self.position(), source.end),
            other => self.border(other, source),
        }
    }

    /// Takes a character that is neither a letter, a digit nor a mark.
    #[inline(always)]
    pub(super) fn border(&mut self, kind: Kind, source: Range<u32>) {
        match kind {
            Kind::Separator => self.close(),
            Kind::Apostrophe if self.kind != Kind::Separator && self.apostrophe == NOWHERE => {
                self.apostrophe = source.start;
            }
            Kind::Ampersand => self.ampersand(source),
            Kind::Break => {
                self.close();
                self.broken = true;
            }
            _ => {}
        }
    }

    /// The words that are complete.
    pub(super) fn tokens(&self) -> &[Token] {
        self.tokens
    }

    /// The position in the letters where the word being read begins, or the next one would.
    pub(super) fn open_start(&self) -> u32 {
        match self.kind {
            Kind::Separator => self.position(),
            _ => self.open.start,
        }
    }

    /// Makes room for all that so many bytes of a text fold to: none of them is more than two words or
    /// two clusters.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        self.letters.reserve(MAX_GROWTH * (bytes + 4))?;
        self.tokens.try_grow(2 * bytes + 2)?;
        self.clusters.try_grow(2 * bytes + 2)
    }

    /// Closes the last word, and says whether the letters are all ASCII.
    pub(super) fn finish(mut self) -> bool {
        self.close();
        self.ascii
    }

    fn position(&self) -> u32 {
        self.letters.len() as u32
    }

    fn letter(&mut self, part: Part, source: Range<u32>) {
        let start = self.position();
        let goes_on = self.goes_on(part.kind, source.start);
        self.push(part.letter);
        self.open.source_end = source.end;
        let end = self.position();
        match self.clusters.last_mut() {
            Some(last) if goes_on && last.source_start == source.start => last.end = end,
            _ => self.cluster(start, end, source),
        }
    }

    fn push(&mut self, letter: char) {
        self.ascii &= letter.is_ascii();
        self.letters
            .extend(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn cluster(&mut self, start: u32, end: u32, source: Range<u32>) {
        let Range {
            start: source_start,
            end: source_end,
        } = source;
        self.clusters.push(Cluster {
            start,
            end,
            source_start,
            source_end,
        });
    }

    /// Whether a letter of this kind at `at` goes on with the word being read; if not, it has opened
    /// one. Decides what a waiting apostrophe was.
    #[inline(always)]
    fn goes_on(&mut self, kind: Kind, at: u32) -> bool {
        if self.kind == kind && kind != Kind::Unspaced {
            if self.apostrophe == NOWHERE {
                return true;
            }
            if kind == Kind::Letter {
                self.vanished = std::mem::replace(&mut self.apostrophe, NOWHERE);
                self.suffix_end = self.position() + 1;
                return true;
            }
            // 5'10 are two numbers.
            self.close();
        }
        self.begin(kind, at);
        false
    }

    #[inline]
    fn begin(&mut self, kind: Kind, at: u32) {
        let joined = self.kind != Kind::Separator;
        self.close();
        let mut flags = TokenFlags::default();
        flags.set(TokenFlags::JOINED, joined);
        flags.set(TokenFlags::NUMERIC, kind == Kind::Digit);
        flags.set(TokenFlags::UNSPACED, kind == Kind::Unspaced);
        flags.set(TokenFlags::HARD_BREAK, self.broken);
        self.broken = false;
        self.kind = kind;
        self.open.flags = flags;
        self.open.start = self.position();
        self.open.source_start = at;
    }

    #[inline]
    fn close(&mut self) {
        if self.kind == Kind::Separator {
            return;
        }
        let end = self.position();
        let mut token = Token {
            end,
            source_end_without_s: self.open.source_end,
            ..self.open
        };
        if self.suffix_end == end && self.letters.as_slice().last() == Some(&b's') {
            token.flags.set(TokenFlags::POSSESSIVE, true);
            token.source_end_without_s = self.vanished;
        }
        self.tokens.push(token);
        self.kind = Kind::Separator;
        self.apostrophe = NOWHERE;
    }

    fn ampersand(&mut self, source: Range<u32>) {
        self.close();
        self.begin(Kind::Letter, source.start);
        let start = self.position();
        self.letters.extend(b"and");
        self.open.source_end = source.end;
        self.cluster(start, start + 3, source);
        self.close();
    }

    /// A mark that spells. It goes before marks of a higher class, which is the canonical order
    /// (Unicode 3.11): a Thai vowel and tone are the same typed either way round.
    fn kept_mark(&mut self, mark: char, source_end: u32) {
        let before = self.position();
        let class = canonical_combining_class(mark);
        let mut at = self.letters.len();
        for _ in 0..MAX_MARKS {
            match last_char(&self.letters.as_slice()[..at]) {
                Some(c) if class > 0 && canonical_combining_class(c) > class => at -= c.len_utf8(),
                _ => break,
            }
        }
        self.push(mark);
        self.letters.as_mut_slice()[at..].rotate_right(mark.len_utf8());
        self.stretch(before, source_end);
    }

    /// The last character goes on to `source_end`, and to the end of the letters; they ended at
    /// `before` when it was read.
    fn stretch(&mut self, before: u32, source_end: u32) {
        let end = self.position();
        match self.clusters.last_mut() {
            Some(last) if last.end == before => {
                last.end = end;
                last.source_end = source_end;
            }
            // A letter without a cluster is one byte.
            _ => self.cluster(before - 1, end, self.open.source_end - 1..source_end),
        }
        self.open.source_end = source_end;
    }
}

fn last_char(letters: &[u8]) -> Option<char> {
    let start = (1..=4).map(|back| letters.len().saturating_sub(back));
    let start = start
        .into_iter()
        .find(|&at| letters.get(at).is_some_and(|byte| byte & 0xC0 != 0x80))?;
    std::str::from_utf8(&letters[start..]).ok()?.chars().next()
}
