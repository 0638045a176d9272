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
    /// The window is more edits away than this term allows.
    Edits,
    /// The digits of the window differ from those of the term.
    Digits,
    /// The term has three letters, and the window differs by more than an extra letter or two swapped
    /// ones within a single word.
    ShortTerm,
    /// The window is a single word without the consonants of its four-letter term.
    Consonants,
    /// The window is a single word whose first two letters do not include the first letter of its short
    /// term.
    FirstLetter,
    /// The words that two edits change have too few letters.
    TwoEdits,
    /// A whole word of the term is missing, or the window has one too many.
    WholeWord,
    /// A changed word of the text is a word of some term.
    LexiconWord,
    /// A changed word of the text is a number, or runs together with one.
    Number,
    /// A changed word of the text is an ordinary word.
    CommonWord,
    /// The window is a single word of the dictionary.
    DictionaryWord,
    /// A changed word of the text is frequent in the learned text.
    Frequent,
    /// The letters are those of a short term, but run together or split into ordinary words.
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

/// The longest terms in which only an extra letter or two swapped ones count as a misspelling: any other
/// edit of three letters makes another word. Terms of 4 letters keep the edit that a user expects of them.
///
/// This and the other tuned constants of this file are a compromise between product texts and short
/// queries: `benches/accuracy.txt` has the F1 of each on both.
pub(crate) const SHORT: u16 = 3;
/// The longest terms whose consonants a single word must keep, unless it has an extra letter or two
/// swapped ones. In so few letters another consonant makes another word: nano is not Namo. In longer terms
/// the rule would refuse more misspellings than false mentions.
const CONSONANTS_KEPT: u16 = 4;
/// The most words of a brief text, such as people type into a search box. One edit may turn a term into a
/// word of the dictionary there, as typing errors do; in longer texts such words nearly always mean
/// themselves.
pub(crate) const BRIEF: usize = 4;
/// The longest terms, at one edit and at two, whose first letter must be among the first two letters of a
/// window of a single word. People seldom miss the first letter, and other words often have another: of
/// the windows this refuses, one in 15 was a mention.
const FIRST_KEPT: [u16; 2] = [6, 8];
/// The fewest letters that the words changed by two edits have together: two edits in the tie of "black
/// tie" leave nothing of it.
const TWICE: usize = 4;
/// The number of learned documents from which on a word is compared with the words it resembles; a rarer
/// one may be a misspelling of anything.
pub(crate) const FREQUENT: u32 = 2;
/// The lower-case Latin consonants, without y.
const CONSONANTS: &str = "bcdfghjklmnpqrstvwxz";

/// Whether a word of the text may be a misspelling: it is no word of a term, no number or part of one
/// (`code`), and, for guarded terms, no ordinary word.
#[inline(always)]
pub(crate) fn may_be_changed(standing: Standing, code: bool, guarded: bool) -> bool {
    !(standing.in_lexicon() | code | guarded & standing.common())
}

/// Whether a word may be a misspelling with no other word beside it: for guarded terms, a word of the
/// dictionary may only in a brief text.
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
    /// Whether the text has few words; see [`is_brief`].
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

/// Whether a text has at most [`BRIEF`] words, as one typed into a search box has. Tokens that run
/// together, like `330ml`, count as one word.
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
            without_s: candidate.without_s,
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
                let end = last.end as usize - usize::from(candidate.without_s);
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

    /// Whether a window one edit from a term of up to [`SHORT`] letters is a single word with the term's
    /// first letter, and either has an extra letter or the term's letters in another order.
    fn near_short(&self, candidate: &Candidate) -> bool {
        let (written, own) = (self.bytes(candidate), self.own_letters(candidate.group));
        candidate.first == candidate.last
            && letters(written).next() == letters(own).next()
            && adds_or_swaps(candidate, written, own)
    }

    /// Whether a window may pass as for consonants; see [`CONSONANTS_KEPT`].
    fn keeps_consonants(&self, candidate: &Candidate) -> bool {
        let (written, own) = (self.bytes(candidate), self.own_letters(candidate.group));
        candidate.first != candidate.last
            || candidate.letters > CONSONANTS_KEPT
            || consonants(written).eq(consonants(own))
            || adds_or_swaps(candidate, written, own)
    }

    /// Whether a window may pass as for its first letter; see [`FIRST_KEPT`].
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

    /// Whether the window's word is in the dictionary. A name is not counted if it is the term without
    /// its last s: Kellogg may stand for Kellogg's.
    fn in_dictionary(&self, candidate: &Candidate) -> bool {
        let Some(word) = self.text.words.get(candidate.first as usize) else {
            return false;
        };
        let standing = word.standing(candidate.without_s);
        let (written, own) = (self.bytes(candidate), self.own_letters(candidate.group));
        let owner = own
            .split_last()
            .is_some_and(|(last, rest)| *last == b's' && rest == written);
        standing.in_dictionary() || standing.name() && !owner
    }
}

/// Whether a window one edit from a term has an extra letter or two swapped ones.
fn adds_or_swaps(candidate: &Candidate, written: &[u8], own: &[u8]) -> bool {
    let sorted = |bytes: &[u8]| {
        let mut letters: Vec<char> = letters(bytes).collect();
        letters.sort_unstable();
        letters
    };
    candidate.window_letters > candidate.letters || sorted(written) == sorted(own)
}

/// The consonants of folded Latin letters, in order; a doubled consonant counts once.
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
