//! From terms, ordinary words and documents to the compiled form. Everything is kept in flat pools,
//! so that a million terms take no million allocations.

use super::anchors;
use super::compiled::{GroupRow, Section, TermRow, Writer};
use super::hash::{self, MAX_LETTERS};
use super::learner::Learner;
use super::posting::{MAX_GROUPS, Posting};
use super::settings::{Settings, TermOptions, allowed_edits};
use super::tokens::TokenTable;
use super::{Lexicon, LexiconError, exact, vocabulary};
use crate::text::Folded;

/// A term is at most this many bytes as written: its letters and ample punctuation.
const MAX_TERM_BYTES: usize = 4096;
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
    dictionary: Vec<u64>,
    ids: Vec<i64>,
    texts: String,
    terms: Vec<TermRow>,
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
    /// a term, unless other words of the term stand beside it.
    pub fn dictionary<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        for word in words {
            self.folded.fold(word);
            if self.folded.tokens().len() == 1 {
                self.dictionary.push(hash::of_bytes(self.folded.letters()));
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
        let (tokens, letters) = (self.folded.tokens(), self.folded.letters());
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return Added::Empty;
        };
        self.terms.push(TermRow {
            text: self.texts.len() as u32,
            tokens: self.term_tokens.len() as u32,
            core_start: first.source_start as u16,
            core_end: last.source_end as u16,
            edits: allowed_edits(length, options.max_distance.or(self.settings.max_distance)),
            guarded: u8::from(options.guard),
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
        let (slots, frequencies) = std::mem::take(&mut self.tokens).finish()?;

        let mut writer = Writer::new(self.settings);
        writer.section(Section::Tokens, &slots);
        writer.section(Section::Frequencies, &frequencies);
        self.dictionary.sort_unstable();
        self.dictionary.dedup();
        writer.section(Section::Dictionary, &self.dictionary);
        drop(slots);
        let groups = self.group();
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
            text: self.texts.len() as u32,
            tokens: self.term_tokens.len() as u32,
            ..TermRow::default()
        });
        writer.section(Section::Groups, &rows);
        writer.section(Section::Letters, &letters);
        writer.section(Section::GroupTerms, &members);
        writer.section(Section::Ids, &self.ids);
        writer.section(Section::Terms, &self.terms);
        writer.section(Section::Texts, self.texts.as_bytes());
        writer.section(Section::TermTokens, &self.term_tokens);
        Ok(Lexicon::of(writer.finish()))
    }

    fn letters_of(&self, term: usize) -> &[u8] {
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

    fn text_of(&self, term: usize) -> &str {
        let end = self
            .terms
            .get(term + 1)
            .map_or(self.texts.len(), |next| next.text as usize);
        &self.texts[self.terms[term].text as usize..end]
    }

    /// Puts terms of the same letters into one group, groups in the order of their first term.
    fn group(&self) -> Groups {
        let mut slots = vec![0u32; (self.terms.len() * 2).next_power_of_two()];
        let mut firsts: Vec<u32> = Vec::new();
        let mut group_of = Vec::with_capacity(self.terms.len());
        let mut sizes: Vec<u32> = Vec::new();
        for term in 0..self.terms.len() {
            let letters = self.letters_of(term);
            let mut at = hash::slot(hash::of_bytes(letters), slots.len());
            let group = loop {
                match slots[at] {
                    0 => {
                        firsts.push(term as u32);
                        sizes.push(0);
                        slots[at] = firsts.len() as u32;
                        break firsts.len() - 1;
                    }
                    group if self.letters_of(firsts[group as usize - 1] as usize) == letters => {
                        break group as usize - 1;
                    }
                    _ => at = if at + 1 == slots.len() { 0 } else { at + 1 },
                }
            };
            group_of.push(group as u32);
            sizes[group] += 1;
        }
        drop(slots);
        let mut starts = Vec::with_capacity(sizes.len() + 1);
        let mut sum = 0;
        for size in &sizes {
            starts.push(sum);
            sum += size;
        }
        let mut all = vec![0u32; self.terms.len()];
        let mut next = starts.clone();
        for (term, &group) in group_of.iter().enumerate() {
            all[next[group as usize] as usize] = term as u32;
            next[group as usize] += 1;
        }
        let mut groups = Groups {
            rows: Vec::with_capacity(firsts.len()),
            letters: Vec::new(),
            members: Vec::new(),
            repeated: Vec::new(),
        };
        let mut kept: Vec<[u32; 2]> = Vec::new();
        for (group, &first) in firsts.iter().enumerate() {
            let members = &mut all[starts[group] as usize..next[group] as usize];
            let letters = self.letters_of(first as usize);
            groups.rows.push(GroupRow {
                letters: groups.letters.len() as u32,
                terms: groups.members.len() as u32,
                length: length_of(letters) as u16,
                edits: members
                    .iter()
                    .map(|&term| self.terms[term as usize].edits)
                    .max()
                    .unwrap_or(0),
                unused: 0,
            });
            groups.letters.extend_from_slice(letters);
            // The same term given twice is one.
            let key = |term: u32| {
                let row = &self.terms[term as usize];
                (
                    self.ids[term as usize],
                    self.text_of(term as usize),
                    row.edits,
                    row.guarded,
                )
            };
            members.sort_by(|&a, &b| key(a).cmp(&key(b)));
            kept.clear();
            for &mut term in members {
                match kept.last_mut() {
                    Some([first, copies]) if key(*first) == key(term) => *copies += 1,
                    _ => kept.push([term, 1]),
                }
            }
            kept.sort_unstable();
            groups.members.extend(kept.iter().map(|[term, _]| term));
            groups
                .repeated
                .extend(kept.iter().filter(|[_, copies]| *copies > 1));
        }
        groups.repeated.sort_unstable();
        groups
    }
}

/// Terms of the same letters.
struct Groups {
    rows: Vec<GroupRow>,
    letters: Vec<u8>,
    members: Vec<u32>,
    /// Terms given more than once, and how often.
    repeated: Vec<[u32; 2]>,
}

impl Groups {
    fn letters(&self, group: usize) -> &[u8] {
        let end = self
            .rows
            .get(group + 1)
            .map_or(self.letters.len(), |next| next.letters as usize);
        &self.letters[self.rows[group].letters as usize..end]
    }

    fn codes(&self, group: usize, codes: &mut Vec<u32>) {
        let letters = self.letters(group);
        codes.clear();
        match std::str::from_utf8(letters) {
            Ok(text) if !text.is_ascii() => codes.extend(text.chars().map(u32::from)),
            _ => codes.extend(letters.iter().map(|&letter| u32::from(letter))),
        }
    }

    fn members(&self, group: usize) -> &[u32] {
        let end = self
            .rows
            .get(group + 1)
            .map_or(self.members.len(), |next| next.terms as usize);
        &self.members[self.rows[group].terms as usize..end]
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

fn length_of(letters: &[u8]) -> usize {
    letters.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}
