//! From terms, ordinary words and documents to the compiled form. Everything is kept in flat pools,
//! so that a million terms take no million allocations.

use super::anchors;
use super::compiled::{GroupRow, Section, TermRow, Writer};
use super::groups::{Groups, length_of};
use super::hash::{self, MAX_LETTERS};
use super::learner::Learner;
use super::packed::Packed;
use super::posting::{MAX_GROUPS, Posting};
use super::settings::{Settings, TermOptions, allowed_edits};
use super::tokens::TokenTable;
use super::{Lexicon, LexiconError, dictionary, exact, vocabulary, wide};
use crate::text::Folded;

/// A term is at most this many bytes as written: its letters and ample punctuation.
const MAX_TERM_BYTES: usize = 4096;
/// From so many terms on each pool is given [`ROOM`]. A block of this size has pages of its own: it grows
/// without a copy and leaves no hole, and what is not written of it takes no memory. A million names take
/// 400 MiB at most while they are compiled, and 455 in pools that grow from little to much.
const MANY: usize = 1 << 16;
const ROOM: usize = 48 << 20;
/// Skipped terms that are kept to be named.
pub(crate) const NAMED_SKIPPED: usize = 100;

/// What became of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    Yes,
    /// It has no letter or digit.
    Empty,
    /// It has more letters than any term may have.
    TooLong,
}

/// A lexicon in the making.
pub struct Builder {
    settings: Settings,
    folded: Folded,
    tokens: TokenTable,
    learner: Learner,
    /// Hashes of its words.
    dictionary: Vec<u64>,
    names: Vec<u64>,
    pub(super) ids: Vec<i64>,
    texts: String,
    pub(super) terms: Vec<TermRow>,
    term_tokens: Vec<u32>,
    letters: Vec<u8>,
    letter_ends: Vec<usize>,
    skipped: u64,
    skipped_ids: Vec<i64>,
}

impl Builder {
    pub fn new(settings: Settings) -> Builder {
        Builder::with_tokens(settings, TokenTable::default())
    }

    /// A builder that knows tokens already.
    pub(crate) fn with_tokens(settings: Settings, tokens: TokenTable) -> Builder {
        Builder {
            settings,
            folded: Folded::new(),
            tokens,
            learner: Learner::default(),
            dictionary: Vec::new(),
            names: Vec::new(),
            ids: Vec::new(),
            texts: String::new(),
            terms: Vec::new(),
            term_tokens: Vec::new(),
            letters: Vec::new(),
            letter_ends: Vec::new(),
            skipped: 0,
            skipped_ids: Vec::new(),
        }
    }

    /// Words that are no misspellings, of whatever term (but see [`TermOptions::guard`]).
    pub fn common_words<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        for word in words {
            self.folded.fold(word);
            if let [token] = self.folded.tokens() {
                self.tokens
                    .common(&self.folded.letters()[token.start as usize..token.end as usize]);
            }
        }
    }

    /// Words of the language, the rare ones too: a text's word that is one of them is no misspelling of
    /// a term, unless other words of the term stand beside it. A name, written with a capital, may be
    /// that of a term's owner: Kellogg is Kellogg's, candy is not Candy's.
    pub fn dictionary<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        for word in words {
            self.folded.fold(word);
            if self.folded.tokens().len() == 1 {
                let word_hash = hash::of_bytes(self.folded.letters());
                match word.starts_with(char::is_uppercase) {
                    true => self.names.push(word_hash),
                    false => self.dictionary.push(word_hash),
                }
            }
        }
    }

    /// Counts the words of a document: one that is about as frequent as the word it resembles is not
    /// a misspelling of it.
    pub fn learn(&mut self, document: &str) {
        self.learner.learn(document);
    }

    /// A word and its document frequency, as a [`Learner`] has counted them before.
    pub fn learned(&mut self, word: &str, documents: u32) {
        self.tokens.frequency(word.as_bytes(), documents);
    }

    /// Adds a term; several may share an id. One that cannot be a term is skipped.
    pub fn add(&mut self, id: i64, term: &str, options: TermOptions) -> Added {
        let length = match fold_term(&mut self.folded, term) {
            Ok(length) => length,
            Err(refused) => {
                self.skip(Some(id));
                return refused;
            }
        };
        if self.terms.len() == MANY {
            self.make_room();
        }
        let (tokens, letters) = (self.folded.tokens(), self.folded.letters());
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return Added::Empty;
        };
        self.terms.push(TermRow {
            text: self.texts.len() as u32,
            tokens: self.term_tokens.len() as u32,
            core_start: first.source_start as u16,
            core_end: last.source_end as u16,
            edits: allowed_edits(length, options.max_distance, self.settings.max_distance),
            guarded: u8::from(options.guard),
            own: u8::from(options.max_distance.is_some()),
            unused: 0,
        });
        for token in tokens {
            let token = &letters[token.start as usize..token.end as usize];
            self.term_tokens
                .push(self.tokens.vocabulary(token, tokens.len() > 1));
        }
        self.ids.push(id);
        self.texts.push_str(term);
        self.letters.extend_from_slice(letters);
        self.letter_ends.push(self.letters.len());
        Added::Yes
    }

    fn make_room(&mut self) {
        fn reserve<T>(pool: &mut Vec<T>) {
            pool.reserve(ROOM / size_of::<T>());
        }
        self.texts.reserve(ROOM);
        reserve(&mut self.ids);
        reserve(&mut self.terms);
        reserve(&mut self.term_tokens);
        reserve(&mut self.letters);
        reserve(&mut self.letter_ends);
    }

    /// Counts a row that gives no term: its term or its id is NULL.
    pub fn skip(&mut self, id: Option<i64>) {
        self.skipped += 1;
        if self.skipped_ids.len() < NAMED_SKIPPED {
            self.skipped_ids.extend(id);
        }
    }

    /// Compiles.
    pub fn finish(mut self) -> Result<Lexicon, LexiconError> {
        let limit = u32::MAX as usize;
        if self.terms.len() >= MAX_GROUPS
            || self.texts.len() >= limit
            || self.letters.len() >= limit
        {
            return Err(LexiconError::TooLarge);
        }
        for (word, documents) in self.learner.words() {
            self.tokens.frequency(word.as_bytes(), documents);
        }
        for words in [&mut self.dictionary, &mut self.names] {
            // The same words give the same bytes.
            words.sort_unstable();
            words.dedup();
        }
        let tokens = std::mem::take(&mut self.tokens);
        let (slots, frequencies) = tokens.finish()?;

        let mut writer = Writer::new(self.settings);
        writer.section(Section::Tokens, &slots);
        drop(slots);
        writer.section(Section::Frequencies, &frequencies);
        let slots = dictionary::build(&self.dictionary, &self.names);
        writer.section(Section::Dictionary, &slots);
        drop(slots);
        let groups = self.group();
        // What the groups have now, or nobody asks for again, is not kept beside the tables to come.
        self.letters = Vec::new();
        self.letter_ends = Vec::new();
        writer.section(Section::Ids, &self.ids);
        self.ids = Vec::new();
        writer.section(Section::Texts, self.texts.as_bytes());
        let texts = std::mem::take(&mut self.texts).len();
        let mut uses = vec![0u32; frequencies.len()];
        for &term in &groups.members {
            for &token in self.tokens_of(term as usize) {
                uses[token as usize] += 1;
            }
        }
        writer.section(Section::Uses, &uses);
        drop(uses);
        writer.section(Section::Repeated, &groups.repeated);
        writer.section(Section::SkippedIds, &self.skipped_ids);
        writer.header.skipped = self.skipped;
        writer.header.terms = self.terms.len() as u32;
        writer.header.groups = groups.rows.len() as u32;
        writer.header.longest = groups
            .rows
            .iter()
            .map(|row| u32::from(row.length))
            .max()
            .unwrap_or(0);
        let count = groups.rows.len();
        let letters = (0..count).map(|group| groups.letters(group));
        let longest = letters.clone().map(<[u8]>::len).max().unwrap_or(0);
        writer.header.longest_bytes = longest as u32;
        let built = exact::build(letters);
        writer.section(Section::Prefixes, &built.prefixes);
        writer.section(Section::Starts, &built.starts);
        writer.section(Section::Shorts, &built.shorts);
        writer.section(Section::Exact, &built.slots);
        drop(built);

        if self.settings.whole_words {
            let mut fuzzy: Vec<u32> = (0..count as u32)
                .filter(|&group| groups.rows[group as usize].edits > 0)
                .collect();
            fuzzy.sort_by_key(|&group| groups.rows[group as usize].length);
            let built = anchors::build(&fuzzy, |group, codes| groups.codes(group, codes));
            writer.section(Section::Bloom, &built.bloom);
            writer.section(Section::Buckets, &built.buckets);
            writer.section(Section::Postings, &built.postings);
            writer.header.anchors = built.kinds;
            drop(built);

            let mut codes = Vec::new();
            let packed = (0..count).map(|group| {
                groups.codes(group, &mut codes);
                Packed::term(&codes)
            });
            let packed: Vec<[u64; 2]> = packed.collect();
            writer.section(Section::Packed, &packed);
            drop(packed);

            let posting = |group: usize| {
                let mut codes = Vec::new();
                groups.codes(group, &mut codes);
                Posting::new(group, &codes)
            };
            let terms = |group: usize| -> Vec<&[u32]> {
                let tokens = groups
                    .members(group)
                    .iter()
                    .map(|&term| self.tokens_of(term as usize));
                tokens.filter(|tokens| tokens.len() > 1).collect()
            };
            let built = vocabulary::build(frequencies.len(), &fuzzy, posting, terms);
            writer.section(Section::WordRows, &built.rows);
            writer.section(Section::WordStarts, &built.starts);
            writer.section(Section::WordPostings, &built.postings);
            writer.section(Section::WordPairs, &built.pairs);
            drop(built);

            let open = |group: &u32| {
                groups
                    .members(*group as usize)
                    .iter()
                    .any(|&term| self.terms[term as usize].guarded == 0)
            };
            fuzzy.retain(open);
            let built = anchors::build(&fuzzy, |group, codes| groups.codes(group, codes));
            writer.section(Section::OpenBloom, &built.bloom);
            writer.section(Section::OpenBuckets, &built.buckets);
            writer.section(Section::OpenPostings, &built.postings);
            writer.header.open_anchors = built.kinds;

            let wide = groups.wide(&self.terms);
            let built = wide::build(wide, |group, codes| groups.codes(group, codes));
            writer.section(Section::Wide, &built.keys);
            writer.section(Section::WideBloom, &built.bloom);
        }

        let Groups {
            mut rows,
            letters,
            members,
            ..
        } = groups;
        rows.push(GroupRow {
            letters: letters.len() as u32,
            terms: members.len() as u32,
            ..GroupRow::default()
        });
        self.terms.push(TermRow {
            text: texts as u32,
            tokens: self.term_tokens.len() as u32,
            ..TermRow::default()
        });
        writer.section(Section::Groups, &rows);
        drop(rows);
        writer.section(Section::Letters, &letters);
        drop(letters);
        writer.section(Section::GroupTerms, &members);
        drop(members);
        writer.section(Section::Terms, &self.terms);
        drop(self.terms);
        writer.section(Section::TermTokens, &self.term_tokens);
        Ok(Lexicon::of(writer.finish()))
    }

    pub(super) fn letters_of(&self, term: usize) -> &[u8] {
        let start = if term == 0 {
            0
        } else {
            self.letter_ends[term - 1]
        };
        &self.letters[start..self.letter_ends[term]]
    }

    fn tokens_of(&self, term: usize) -> &[u32] {
        let end = self
            .terms
            .get(term + 1)
            .map_or(self.term_tokens.len(), |next| next.tokens as usize);
        &self.term_tokens[self.terms[term].tokens as usize..end]
    }

    pub(super) fn text_of(&self, term: usize) -> &str {
        let end = self
            .terms
            .get(term + 1)
            .map_or(self.texts.len(), |next| next.text as usize);
        &self.texts[self.terms[term].text as usize..end]
    }
}

/// Folds a term and counts its letters, or says why it cannot be one.
pub(crate) fn fold_term(folded: &mut Folded, term: &str) -> Result<usize, Added> {
    if term.len() > MAX_TERM_BYTES {
        return Err(Added::TooLong);
    }
    folded.fold(term);
    match length_of(folded.letters()) {
        _ if folded.tokens().is_empty() => Err(Added::Empty),
        length if length > MAX_LETTERS => Err(Added::TooLong),
        length => Ok(length),
    }
}
