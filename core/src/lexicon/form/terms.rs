//! The terms of a compiled form, and their groups, by number. A number that nothing has reads as empty.

use std::ops::Range;

use super::compiled::View;
use super::sections::{GroupRow, Section, TermRow, span};

/// The terms: ids, texts and words.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    rows: &'a [TermRow],
    ids: &'a [i64],
    texts: &'a [u8],
    tokens: &'a [u32],
}

impl<'a> Terms<'a> {
    #[inline(always)]
    pub fn of(compiled: View<'a>) -> Terms<'a> {
        Terms {
            rows: compiled.section(Section::Terms),
            ids: compiled.section(Section::Ids),
            texts: compiled.section(Section::Texts),
            tokens: compiled.section(Section::TermTokens),
        }
    }

    #[inline(always)]
    pub fn id(self, term: u32) -> Option<i64> {
        self.ids.get(term as usize).copied()
    }

    #[inline(always)]
    pub fn row(self, term: u32) -> Option<&'a TermRow> {
        self.rows.get(term as usize)
    }

    /// The term as written.
    #[inline(always)]
    pub fn text(self, term: u32) -> &'a str {
        let text = self.between(term, |row| row.text, self.texts);
        std::str::from_utf8(text).unwrap_or("")
    }

    /// The vocabulary numbers of the term's words.
    #[inline(always)]
    pub fn tokens(self, term: u32) -> &'a [u32] {
        self.between(term, |row| row.tokens, self.tokens)
    }

    /// The bytes of a term's text from its first letter or digit to its last, without the punctuation
    /// around them.
    #[inline(always)]
    pub fn core(self, term: u32) -> Range<usize> {
        self.row(term).map_or(0..0, |row| {
            usize::from(row.core_start)..usize::from(row.core_end)
        })
    }

    #[inline(always)]
    fn between<T>(self, term: u32, start: impl Fn(&TermRow) -> u32, all: &'a [T]) -> &'a [T] {
        let rows = (self.row(term), self.row(term.wrapping_add(1)));
        match rows {
            (Some(row), Some(next)) => &all[span(start(row), start(next), all.len())],
            _ => &[],
        }
    }
}

/// The groups of terms with the same letters.
#[derive(Clone, Copy)]
pub(crate) struct Groups<'a> {
    rows: &'a [GroupRow],
    letters: &'a [u8],
    members: &'a [u32],
}

impl<'a> Groups<'a> {
    #[inline(always)]
    pub fn of(compiled: View<'a>) -> Groups<'a> {
        Groups {
            rows: compiled.section(Section::Groups),
            letters: compiled.section(Section::Letters),
            members: compiled.section(Section::GroupTerms),
        }
    }

    /// How many groups there are.
    pub fn len(self) -> usize {
        self.rows.len().saturating_sub(1)
    }

    /// The row of a group, and the row after it.
    #[inline(always)]
    fn rows(self, group: u32) -> Option<(&'a GroupRow, &'a GroupRow)> {
        let group = group as usize;
        Some((self.rows.get(group)?, self.rows.get(group + 1)?))
    }

    #[inline(always)]
    pub fn row(self, group: u32) -> Option<&'a GroupRow> {
        Some(self.rows(group)?.0)
    }

    /// The folded letters of a group.
    #[inline(always)]
    pub fn letters(self, group: u32) -> &'a [u8] {
        self.rows(group).map_or(&[], |(row, next)| {
            &self.letters[span(row.letters, next.letters, self.letters.len())]
        })
    }

    /// The terms of a group.
    #[inline(always)]
    pub fn members(self, group: u32) -> &'a [u32] {
        self.rows(group).map_or(&[], |(row, next)| {
            &self.members[span(row.terms, next.terms, self.members.len())]
        })
    }
}
