//! The names of the rules.

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
    /// The rule in words, as a reason for its refusal.
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
