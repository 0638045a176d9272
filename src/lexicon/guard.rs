//! The rules that a window within the allowed edits must still pass. Plain edit distance finds Tena
//! in every "tea"; these rules are what makes misspellings usable.

use super::compiled::{GroupRow, Section, TermRow, View, span};
use super::overlap::Candidate;
use super::tokens::Standing;
use super::words::Word;
use crate::text::Token;

/// Why a window near a term is not a mention of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// More edits than this term allows.
    Edits,
    /// The digits of the window are not those of the term.
    Digits,
    /// A term of three letters, and not just a letter too many or two swapped within a word.
    ShortTerm,
    /// A word alone that has not the first letter of a short term among its first two.
    FirstLetter,
    /// Two edits in words of too few letters.
    TwoEdits,
    /// A whole word of the term is missing, or the window has one too many.
    WholeWord,
    /// A changed word of the text is a word of some term.
    LexiconWord,
    /// A changed word of the text is a number.
    Number,
    /// A changed word of the text is an ordinary word.
    CommonWord,
    /// The window is one word, which is in the dictionary.
    DictionaryWord,
    /// A changed word of the text is frequent in the learned text.
    Frequent,
    /// A short term run together or split into words that mean something else.
    Pieces,
}

impl Rule {
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Edits => "more edits than the term allows",
            Rule::Digits => "digits differ",
            Rule::ShortTerm => "term too short for this edit",
            Rule::FirstLetter => "another first letter",
            Rule::TwoEdits => "two edits in too few letters",
            Rule::WholeWord => "a whole word is missing or added",
            Rule::LexiconWord => "a word of another term",
            Rule::Number => "a number",
            Rule::CommonWord => "an ordinary word",
            Rule::DictionaryWord => "a word of the dictionary",
            Rule::Frequent => "a word frequent in the learned text",
            Rule::Pieces => "ordinary words, run together or split",
        }
    }
}

/// The figures at these constants are F1 with the defaults, nested mentions counted, on real product
/// texts (200 terms; 200, food only; 4,000 with injected misspellings) and on queries made of terms and
/// typing errors, on rows that chose hardly any rule. As they are: .979 .975 .941 .966.
///
/// In terms of up to this length any other edit than a letter too many or two swapped makes another
/// word. With 4 in place of 3: .976 .973 .946 .966; a user counts on the edit that terms of 4 letters
/// have.
pub(crate) const SHORT: u16 = 3;
/// One word alone, one and two edits from a term of at most so many letters, has the term's first
/// letter in its first or second place. People seldom miss the first letter, and other words often
/// have another: of the windows this refuses, one in 15 was a mention. Without: .978 .975 .935 .966.
const FIRST_KEPT: [u16; 2] = [6, 8];
/// Two edits are for words that have together at least so many letters: two in the tie of "black tie"
/// leave nothing of it. Without: .979 .975 .937 .967.
const TWICE: usize = 4;
/// Below this document frequency a learned word may be a misspelling of anything.
pub(crate) const FREQUENT: u32 = 2;
/// A misspelling is rarer than the word it misspells: less than a third of its documents. Learned from
/// the rows themselves: .978 .964 .957 .962; with a fifth .976 .964 .957 .961.
const RARER: u32 = 3;
/// From this length a term is what its letters say, however they are split: "in style", "safe way".
const UNMISTAKABLE: usize = 7;
/// Shorter pieces of a split term say nothing: the "mm f" of "55 mm f/4" is not MMF.
const PIECE: usize = 3;

/// Whether a word of the text may be a misspelling of something.
#[inline(always)]
pub(crate) fn may_be_changed(standing: Standing, numeric: bool, guarded: bool) -> bool {
    !(standing.in_lexicon() | numeric | guarded & standing.common())
}

/// Whether it may be one with no other word beside it.
#[inline(always)]
pub(crate) fn may_be_changed_alone(standing: Standing, guarded: bool) -> bool {
    !(guarded & standing.in_dictionary())
}

/// A folded text as the rules see it.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub words: &'a [Word],
    pub tokens: &'a [Token],
    /// Folded UTF-8.
    pub bytes: &'a [u8],
}

/// Judges candidates by the rules, for one lexicon and text.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    text: Text<'a>,
    groups: &'a [GroupRow],
    members: &'a [u32],
    terms: &'a [TermRow],
    term_tokens: &'a [u32],
    letters: &'a [u8],
    frequencies: &'a [u32],
}

impl<'a> Judge<'a> {
    pub fn of(compiled: View<'a>, text: Text<'a>) -> Judge<'a> {
        Judge {
            text,
            groups: compiled.section(Section::Groups),
            members: compiled.section(Section::GroupTerms),
            terms: compiled.section(Section::Terms),
            term_tokens: compiled.section(Section::TermTokens),
            letters: compiled.section(Section::Letters),
            frequencies: compiled.section(Section::Frequencies),
        }
    }

    /// The terms of the candidate's group that it is a mention of.
    pub fn accepted(self, candidate: Candidate) -> impl Iterator<Item = u32> + 'a {
        self.verdicts(candidate)
            .filter_map(|(term, verdict)| verdict.is_ok().then_some(term))
    }

    /// The terms of the candidate's group, each with the rule that refuses it, if any.
    pub fn verdicts(
        self,
        candidate: Candidate,
    ) -> impl Iterator<Item = (u32, Result<(), Rule>)> + 'a {
        let group = candidate.group as usize;
        let members = match (self.groups.get(group), self.groups.get(group + 1)) {
            (Some(row), Some(next)) => {
                &self.members[span(row.terms, next.terms, self.members.len())]
            }
            _ => &[],
        };
        members
            .iter()
            .map(move |&term| (term, self.verdict(&candidate, term)))
    }

    fn verdict(&self, candidate: &Candidate, term: u32) -> Result<(), Rule> {
        let term = term as usize;
        let (Some(row), Some(next)) = (self.terms.get(term), self.terms.get(term + 1)) else {
            return Err(Rule::Edits);
        };
        let tokens = &self.term_tokens[span(row.tokens, next.tokens, self.term_tokens.len())];
        let window = self.window(candidate);
        let guarded = row.guarded != 0;
        if candidate.distance == 0 {
            return if guarded {
                window.exact(tokens, candidate.letters)
            } else {
                Ok(())
            };
        }
        if candidate.distance > row.edits {
            return Err(Rule::Edits);
        }
        let by_rule = row.own == 0;
        if by_rule && candidate.letters <= SHORT && !self.near_short(candidate) {
            return Err(Rule::ShortTerm);
        }
        let kept = window.fuzzy(tokens, guarded)?;
        let twice = candidate.distance > 1 && usize::from(candidate.letters) < kept + TWICE;
        if by_rule && twice {
            return Err(Rule::TwoEdits);
        }
        if by_rule && !self.keeps_first(candidate) {
            return Err(Rule::FirstLetter);
        }
        if !digits(self.bytes(candidate)).eq(digits(self.own_letters(candidate.group))) {
            return Err(Rule::Digits);
        }
        if guarded {
            if candidate.first == candidate.last
                && self.in_dictionary(candidate, row.possessive != 0)
            {
                return Err(Rule::DictionaryWord);
            }
            window.rare(tokens, self.frequencies)?;
        }
        Ok(())
    }

    fn window(&self, candidate: &Candidate) -> Window<'a> {
        let words = self
            .text
            .words
            .get(candidate.first as usize..=candidate.last as usize);
        Window {
            words: words.unwrap_or(&[]),
            stem: candidate.stem,
        }
    }

    /// The folded letters of a candidate's window.
    fn bytes(&self, candidate: &Candidate) -> &'a [u8] {
        let tokens = self.text.tokens;
        match (
            tokens.get(candidate.first as usize),
            tokens.get(candidate.last as usize),
        ) {
            (Some(first), Some(last)) => {
                let end = last.end as usize - usize::from(candidate.stem);
                self.text
                    .bytes
                    .get(first.start as usize..end)
                    .unwrap_or(&[])
            }
            _ => &[],
        }
    }

    fn own_letters(&self, group: u32) -> &'a [u8] {
        match (
            self.groups.get(group as usize),
            self.groups.get(group as usize + 1),
        ) {
            (Some(row), Some(next)) => {
                &self.letters[span(row.letters, next.letters, self.letters.len())]
            }
            _ => &[],
        }
    }

    /// Whether a window one edit from a short term is one word with its first letter, and has a letter
    /// too many or the same letters in another order.
    fn near_short(&self, candidate: &Candidate) -> bool {
        let (written, own) = (self.bytes(candidate), self.own_letters(candidate.group));
        let sorted = |bytes: &[u8]| {
            let mut letters: Vec<char> = letters(bytes).collect();
            letters.sort_unstable();
            letters
        };
        candidate.first == candidate.last
            && letters(written).next() == letters(own).next()
            && (candidate.window_letters == candidate.letters + 1 || sorted(written) == sorted(own))
    }

    /// Whether a fuzzy window has the first letter of its term, if it must.
    fn keeps_first(&self, candidate: &Candidate) -> bool {
        let longest = FIRST_KEPT[usize::from(candidate.distance > 1)];
        candidate.first != candidate.last
            || candidate.letters > longest
            || letters(self.own_letters(candidate.group))
                .next()
                .is_none_or(|first| {
                    letters(self.bytes(candidate))
                        .take(2)
                        .any(|own| own == first)
                })
    }

    /// Whether a window is in the dictionary; as a name only if it is not that of the term's owner.
    fn in_dictionary(&self, candidate: &Candidate, possessive: bool) -> bool {
        let Some(word) = self.text.words.get(candidate.first as usize) else {
            return false;
        };
        let standing = word.standing(candidate.stem);
        let (written, own) = (self.bytes(candidate), self.own_letters(candidate.group));
        let owner = possessive && own.split_last().is_some_and(|(_, rest)| rest == written);
        standing.in_dictionary() || standing.name() && !owner
    }
}

/// A run of words, the last perhaps without its possessive s; compared with a term as multisets of
/// vocabulary numbers.
struct Window<'a> {
    words: &'a [Word],
    stem: bool,
}

impl Window<'_> {
    fn standings(&self) -> impl Iterator<Item = (Standing, &Word)> {
        let last = self.words.len().wrapping_sub(1);
        self.words
            .iter()
            .enumerate()
            .map(move |(i, word)| (word.standing(self.stem && i == last), word))
    }

    /// Whether the word at `at` is one of the term's, each of which serves once.
    fn unchanged(&self, at: usize, own: Standing, term: &[u32]) -> bool {
        own.in_lexicon() && {
            let wanted = term
                .iter()
                .filter(|&&token| token == own.vocabulary)
                .count();
            wanted > 0
                && self
                    .standings()
                    .take(at)
                    .filter(|(other, _)| other.vocabulary == own.vocabulary)
                    .count()
                    < wanted
        }
    }

    /// A window of the very letters of a term: if the words are others, one of them must be unusual.
    fn exact(&self, term: &[u32], letters: u16) -> Result<(), Rule> {
        if usize::from(letters) >= UNMISTAKABLE {
            return Ok(());
        }
        let mut ordinary = false;
        for (at, (own, word)) in self.standings().enumerate() {
            if self.unchanged(at, own, term) {
                continue;
            }
            let length = word.end(self.stem && at + 1 == self.words.len()) - word.start as usize;
            if !own.common() && length >= PIECE {
                return Ok(());
            }
            ordinary = true;
        }
        if ordinary { Err(Rule::Pieces) } else { Ok(()) }
    }

    /// The letters of the words that a misspelled window has unchanged.
    fn fuzzy(&self, term: &[u32], guarded: bool) -> Result<usize, Rule> {
        let (mut changed, mut kept) = (0, 0);
        for (at, (own, word)) in self.standings().enumerate() {
            if self.unchanged(at, own, term) {
                let stem = self.stem && at + 1 == self.words.len();
                kept += word.end(stem) - word.start as usize;
                continue;
            }
            if own.in_lexicon() {
                return Err(Rule::LexiconWord);
            }
            if word.numeric {
                return Err(Rule::Number);
            }
            if guarded && own.common() {
                return Err(Rule::CommonWord);
            }
            changed += 1;
        }
        if changed == 0 || self.words.len() - changed == term.len() {
            return Err(Rule::WholeWord);
        }
        Ok(kept)
    }

    /// A changed word must be rarer in the learned text than the words it stands for.
    fn rare(&self, term: &[u32], frequencies: &[u32]) -> Result<(), Rule> {
        let changed = self.standings().filter(|(own, _)| !own.in_lexicon());
        let most = changed.map(|(own, _)| own.frequency()).max().unwrap_or(0);
        if most < FREQUENT {
            return Ok(());
        }
        let replaced = term.iter().enumerate().filter(|&(at, token)| {
            let before = term[..at].iter().filter(|other| *other == token).count();
            self.standings()
                .filter(|(own, _)| own.vocabulary == *token)
                .count()
                <= before
        });
        let rarest = replaced
            .filter_map(|(_, &token)| frequencies.get(token as usize))
            .min();
        let rarest = u64::from(rarest.copied().unwrap_or(0));
        if u64::from(most) * u64::from(RARER) >= rarest {
            Err(Rule::Frequent)
        } else {
            Ok(())
        }
    }
}

fn letters(folded: &[u8]) -> impl Iterator<Item = char> + '_ {
    std::str::from_utf8(folded).unwrap_or("").chars()
}

/// The digits of folded letters, in order.
fn digits(folded: &[u8]) -> impl Iterator<Item = char> + '_ {
    letters(folded).filter(|c| c.is_numeric())
}
