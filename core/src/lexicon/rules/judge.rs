//! The rules that a window within the allowed edits must still pass. Plain edit distance finds Tena
//! in every "tea"; these rules are what makes misspellings usable.

use super::candidate::Candidate;
use super::rule::Rule;
use super::text::Text;
use super::window::Window;
use crate::lexicon::form::{Groups, Section, Terms, View};
use crate::lexicon::settings::SHORT;

/// The longest terms whose consonants a single word must keep, unless it has an extra letter or two
/// swapped ones. In so few letters another consonant makes another word: nano is not Namo. In longer terms
/// the rule would refuse more misspellings than false mentions.
const CONSONANTS_KEPT: u16 = 4;
/// The longest terms, at one edit and at two, whose first letter must be among the first two letters of a
/// window of a single word. People seldom miss the first letter, and other words often have another: of
/// the windows this refuses, one in 15 was a mention.
const FIRST_KEPT: [u16; 2] = [6, 8];
/// The fewest letters that the words changed by two edits have together: two edits in the tie of "black
/// tie" leave nothing of it.
const TWICE: usize = 4;
/// The lower-case Latin consonants, without y.
const CONSONANTS: &str = "bcdfghjklmnpqrstvwxz";

/// Judges candidates by the rules, for one lexicon and text.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    compiled: View<'a>,
    text: Text<'a>,
}

impl<'a> Judge<'a> {
    #[inline(always)]
    pub fn of(compiled: View<'a>, text: Text<'a>) -> Judge<'a> {
        Judge { compiled, text }
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
        let members = Groups::of(self.compiled).members(candidate.group);
        members
            .iter()
            .map(move |&term| (term, self.verdict(&candidate, term)))
    }

    fn verdict(&self, candidate: &Candidate, term: u32) -> Result<(), Rule> {
        let terms = Terms::of(self.compiled);
        let Some(row) = terms.row(term) else {
            return Err(Rule::Edits);
        };
        let tokens = terms.tokens(term);
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
        let by_rule = row.own_edits == 0;
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
        if !digits(self.bytes(candidate)).eq(digits(self.term_letters(candidate))) {
            return Err(Rule::Digits);
        }
        if guarded {
            if candidate.first == candidate.last
                && !(self.text.brief && candidate.distance == 1)
                && self.in_dictionary(candidate)
            {
                return Err(Rule::DictionaryWord);
            }
            window.rare(tokens, self.compiled.section(Section::Frequencies))?;
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

    fn term_letters(&self, candidate: &Candidate) -> &'a [u8] {
        Groups::of(self.compiled).letters(candidate.group)
    }

    /// Whether a window one edit from a term of up to [`SHORT`] letters is a single word with the term's
    /// first letter, and either has an extra letter or the term's letters in another order.
    fn near_short(&self, candidate: &Candidate) -> bool {
        let (written, term) = (self.bytes(candidate), self.term_letters(candidate));
        candidate.first == candidate.last
            && letters(written).next() == letters(term).next()
            && adds_or_swaps(candidate, written, term)
    }

    /// Whether a window may pass as for consonants; see [`CONSONANTS_KEPT`].
    fn keeps_consonants(&self, candidate: &Candidate) -> bool {
        let (written, term) = (self.bytes(candidate), self.term_letters(candidate));
        candidate.first != candidate.last
            || candidate.letters > CONSONANTS_KEPT
            || consonants(written).eq(consonants(term))
            || adds_or_swaps(candidate, written, term)
    }

    /// Whether a window may pass as for its first letter; see [`FIRST_KEPT`].
    fn keeps_first(&self, candidate: &Candidate) -> bool {
        let longest = FIRST_KEPT[usize::from(candidate.distance > 1)];
        candidate.first != candidate.last
            || candidate.letters > longest
            || letters(self.term_letters(candidate))
                .next()
                .is_none_or(|first| {
                    letters(self.bytes(candidate))
                        .take(2)
                        .any(|letter| letter == first)
                })
    }

    /// Whether the window's word is in the dictionary. A name is not counted if it is the term without
    /// its last s: Kellogg may stand for Kellogg's.
    fn in_dictionary(&self, candidate: &Candidate) -> bool {
        let Some(word) = self.text.words.get(candidate.first as usize) else {
            return false;
        };
        let standing = word.standing(candidate.without_s);
        let (written, term) = (self.bytes(candidate), self.term_letters(candidate));
        let owner = term
            .split_last()
            .is_some_and(|(last, rest)| *last == b's' && rest == written);
        standing.in_dictionary() || standing.name() && !owner
    }
}

/// Whether a window one edit from a term has an extra letter or two swapped ones.
fn adds_or_swaps(candidate: &Candidate, written: &[u8], term: &[u8]) -> bool {
    let sorted = |bytes: &[u8]| {
        let mut letters: Vec<char> = letters(bytes).collect();
        letters.sort_unstable();
        letters
    };
    candidate.window_letters > candidate.letters || sorted(written) == sorted(term)
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
