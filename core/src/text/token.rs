//! One word of a folded text: where it stands in the letters and in the original, and what kind of
//! word it is. Plain data; the builder alone makes them.

/// A word. Positions are bytes; `start..end` of the letters, `source_start..source_end` of the
/// original text.
///
/// Tokens tile the letters: each begins where the one before it ends, and none is empty. Source
/// ranges ascend; they overlap only where one character yields several words (`½`, the Thai `ำ`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The first byte of the word in the letters.
    pub start: u32,
    /// The byte after the word's last in the letters.
    pub end: u32,
    /// The first byte of the word in the original text.
    pub source_start: u32,
    /// The byte after the word's last in the original text.
    pub source_end: u32,
    /// Where the apostrophe of a possessive stands; otherwise `source_end`.
    pub source_end_without_s: u32,
    pub(super) flags: TokenFlags,
}

impl Token {
    /// The last letter is an `s` that stood behind an apostrophe: `horton's` is `hortons`,
    /// possessive.
    pub fn possessive(&self) -> bool {
        self.flags.has(TokenFlags::POSSESSIVE)
    }

    /// No separator stands before it: `ml` in `330ml`, and a character of an unspaced script right
    /// behind another word. An ampersand separates, so neither `and` nor `m` in `h&m` is joined.
    pub fn joined(&self) -> bool {
        self.flags.has(TokenFlags::JOINED)
    }

    /// One character, with its marks, of a script written without spaces.
    pub fn unspaced(&self) -> bool {
        self.flags.has(TokenFlags::UNSPACED)
    }

    /// All digits, of any script.
    pub fn numeric(&self) -> bool {
        self.flags.has(TokenFlags::NUMERIC)
    }

    /// A unit separator, a form feed or a NUL stands before it: no match may span from the token
    /// before to this one.
    pub fn hard_break(&self) -> bool {
        self.flags.has(TokenFlags::HARD_BREAK)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TokenFlags(u8);

impl TokenFlags {
    pub(super) const POSSESSIVE: u8 = 1;
    pub(super) const JOINED: u8 = 2;
    pub(super) const UNSPACED: u8 = 4;
    pub(super) const NUMERIC: u8 = 8;
    pub(super) const HARD_BREAK: u8 = 16;

    pub(super) fn set(&mut self, flag: u8, on: bool) {
        self.0 |= if on { flag } else { 0 };
    }

    fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}
