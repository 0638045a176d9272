//! The rules that a window within the allowed edits must still pass. Plain edit distance finds Tena
//! in every "tea"; these rules are what makes misspellings usable.

use super::compiled::{GroupRow, Section, TermRow, View, span};
use super::overlap::Candidate;
use super::tokens::Standing;
use super::window::Window;
use super::words::Word;
use crate::text::{Folded, Token};

/// Why a window near a term is not a mention of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// More edits than this term allows.
    Edits,
    /// The digits of the window are not those of the term.
    Digits,
    /// A term of three letters, and not just a letter too many or two swapped within a word.
    ShortTerm,
    /// A word alone that has not the consonants of a term of four letters.
    Consonants,
    /// A word alone that has not the first letter of a short term among its first two.
    FirstLetter,
    /// Two edits in words of too few letters.
    TwoEdits,
    /// A whole word of the term is missing, or the window has one too many.
    WholeWord,
    /// A changed word of the text is a word of some term.
    LexiconWord,
    /// A changed word of the text is a number, or runs together with one.
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
            Rule::Consonants => "another consonant",
            Rule::FirstLetter => "another first letter",
            Rule::TwoEdits => "two edits in too few letters",
            Rule::WholeWord => "a whole word is missing or added",
            Rule::LexiconWord => "a word of another term",
            Rule::Number => "a number, or part of a code",
            Rule::CommonWord => "an ordinary word",
            Rule::DictionaryWord => "a word of the dictionary",
            Rule::Frequent => "a word frequent in the learned text",
            Rule::Pieces => "ordinary words, run together or split",
        }
    }
}

/// The figures at these constants are F1 with the defaults, nested mentions counted, of `cargo bench
/// --bench accuracy`: on real product texts (200 terms; 200, food only; 4,000 with planted misspellings)
/// and on queries made of terms and typing errors. As they are: .978 .971 .945 .967.
///
/// In terms of up to this length any other edit than a letter too many or two swapped makes another
/// word. With 4 in place of 3: .976 .970 .946 .964; a user counts on the edit that terms of 4 letters
/// have.
pub(crate) const SHORT: u16 = 3;
/// A word alone, one edit from a term of 4 letters, has the term's consonants and no others; or a letter
/// too many, or two swapped. Another consonant makes another word: nano is not Namo. Without: .979 .969
/// .942 .969; with 5 in place of 4 .976 .965 .946 .965.
const CONSONANTS_KEPT: u16 = 4;
/// In texts of so many words, as people type them to search, a word of the dictionary may be a
/// misspelling. Without: .978 .971 .949 .964, and .937 for .950 on queries of which every fourth
/// misspelling is another word; with 6 in place of 4 .977 .975 .934 .967.
pub(crate) const BRIEF: usize = 4;
/// One word alone, one and two edits from a term of at most so many letters, has the term's first
/// letter in its first or second place. People seldom miss the first letter, and other words often
/// have another: of the windows this refuses, one in 15 was a mention. Without: .978 .971 .943 .969.
const FIRST_KEPT: [u16; 2] = [6, 8];
/// Two edits are for words that have together at least so many letters: two in the tie of "black tie"
/// leave nothing of it. Without: .978 .971 .943 .967.
const TWICE: usize = 4;
/// Below this document frequency a learned word may be a misspelling of anything.
pub(crate) const FREQUENT: u32 = 2;
/// Letters of the Latin script that are no vowel and no y.
const CONSONANTS: &str = "bcdfghjklmnpqrstvwxz";

/// Whether a word of the text may be a misspelling of something.
#[inline(always)]
pub(crate) fn may_be_changed(standing: Standing, code: bool, guarded: bool) -> bool {
    !(standing.in_lexicon() | code | guarded & standing.common())
}

/// Whether it may be one with no other word beside it, in a brief text or another.
#[inline(always)]
pub(crate) fn may_be_changed_alone(standing: Standing, guarded: bool, brief: bool) -> bool {
    !(guarded & standing.in_dictionary() & !brief)
}

/// A folded text as the rules see it.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub words: &'a [Word],
    pub tokens: &'a [Token],
    /// Folded UTF-8.
    pub bytes: &'a [u8],
    /// It has few words: see [`is_brief`].
    pub brief: bool,
}

impl<'a> Text<'a> {
    pub fn of(folded: &'a Folded, brief: bool, words: &'a [Word]) -> Text<'a> {
        Text {
            words,
            tokens: folded.tokens(),
            bytes: folded.padded(),
            brief,
        }
    }
}

/// Whether a text is one as people type it to search: of at most [`BRIEF`] words, of which what runs
/// together is one.
pub(crate) fn is_brief(tokens: &[Token]) -> bool {
    let words = tokens.iter().filter(|token| !token.joined());
    words.take(BRIEF + 1).count() <= BRIEF
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
    #[inline(always)]
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
                && !(self.text.brief && candidate.distance == 1)
                && self.in_dictionary(candidate)
            {
                return Err(Rule::DictionaryWord);
            }
            window.rare(tokens, self.frequencies)?;
        }
        if by_rule && !self.keeps_consonants(candidate) {
            return Err(Rule::Consonants);
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
        candidate.first == candidate.last
            && letters(written).next() == letters(own).next()
            && adds_or_swaps(candidate, written, own)
    }

    /// Whether a word alone has the consonants of its term, if it must.
    fn keeps_consonants(&self, candidate: &Candidate) -> bool {
        let (written, own) = (self.bytes(candidate), self.own_letters(candidate.group));
        candidate.first != candidate.last
            || candidate.letters > CONSONANTS_KEPT
            || consonants(written).eq(consonants(own))
            || adds_or_swaps(candidate, written, own)
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

    /// Whether a window is in the dictionary; as a name only if it is not the term without its s.
    fn in_dictionary(&self, candidate: &Candidate) -> bool {
        let Some(word) = self.text.words.get(candidate.first as usize) else {
            return false;
        };
        let standing = word.standing(candidate.stem);
        let (written, own) = (self.bytes(candidate), self.own_letters(candidate.group));
        let owner = own
            .split_last()
            .is_some_and(|(last, rest)| *last == b's' && rest == written);
        standing.in_dictionary() || standing.name() && !owner
    }
}

/// Whether a window one edit from a term has a letter too many, or two swapped.
fn adds_or_swaps(candidate: &Candidate, written: &[u8], own: &[u8]) -> bool {
    let sorted = |bytes: &[u8]| {
        let mut letters: Vec<char> = letters(bytes).collect();
        letters.sort_unstable();
        letters
    };
    candidate.window_letters > candidate.letters || sorted(written) == sorted(own)
}

/// The consonants of folded Latin letters, in order; a double one is one.
fn consonants(folded: &[u8]) -> impl Iterator<Item = char> + '_ {
    let mut last = None;
    letters(folded)
        .filter(move |&letter| CONSONANTS.contains(letter) && last.replace(letter) != Some(letter))
}

fn letters(folded: &[u8]) -> impl Iterator<Item = char> + '_ {
    std::str::from_utf8(folded).unwrap_or("").chars()
}

/// The digits of folded letters, in order.
fn digits(folded: &[u8]) -> impl Iterator<Item = char> + '_ {
    letters(folded).filter(|c| c.is_numeric())
}
