//! The last step of building: the sections of the compiled form, one after the other, each from a table
//! that is dropped before the next is made.

use super::anchors;
use super::builder::Builder;
use super::compiled::{GroupRow, Section, TermRow, Writer};
use super::groups::Groups;
use super::packed::Packed;
use super::posting::Posting;
use super::{Lexicon, LexiconError, dictionary, exact, vocabulary, wide};
use crate::bounds::{Grow, Interrupts, OutOfMemory, filled};

impl Builder {
    /// The slots of the dictionary's words; the same words, in whatever order, give the same slots.
    pub(super) fn dictionary_slots(&mut self) -> Result<Vec<u64>, OutOfMemory> {
        let mut words = std::mem::take(&mut self.dictionary);
        let mut names = std::mem::take(&mut self.names);
        for words in [&mut words, &mut names] {
            self.interrupts.sort(words);
            words.dedup();
        }
        dictionary::build(&words, &names, &self.interrupts)
    }

    /// Compiles.
    pub fn finish(mut self) -> Result<Lexicon, LexiconError> {
        let interrupts = self.interrupts.clone();
        for (word, documents) in self.learner.words() {
            interrupts.step();
            self.tokens.frequency(word.as_bytes(), documents)?;
        }
        let tokens = std::mem::take(&mut self.tokens);
        let (slots, frequencies) = tokens.finish(&interrupts)?;

        let mut writer = Writer::new(self.settings, interrupts.clone())?;
        writer.section(Section::Tokens, &slots)?;
        drop(slots);
        writer.section(Section::Frequencies, &frequencies)?;
        let words = frequencies.len();
        drop(frequencies);
        let slots = self.dictionary_slots()?;
        writer.section(Section::Dictionary, &slots)?;
        drop(slots);
        let groups = self.group()?;
        // What the groups have now, or nobody asks for again, is not kept beside the tables to come.
        self.letters = Vec::new();
        self.letter_ends = Vec::new();
        writer.section(Section::Ids, &self.ids)?;
        self.ids = Vec::new();
        writer.section(Section::Texts, self.texts.as_bytes())?;
        let texts = std::mem::take(&mut self.texts).len();
        let mut uses = filled(0u32, words, &interrupts)?;
        for &term in &groups.members {
            interrupts.step();
            for &token in self.tokens_of(term as usize) {
                uses[token as usize] += 1;
            }
        }
        writer.section(Section::Uses, &uses)?;
        drop(uses);
        writer.section(Section::Repeated, &groups.repeated)?;
        writer.section(Section::SkippedIds, &self.skipped_ids)?;
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
        let built = exact::build(letters, &interrupts)?;
        writer.section(Section::Prefixes, &built.prefixes)?;
        writer.section(Section::Starts, &built.starts)?;
        writer.section(Section::Shorts, &built.shorts)?;
        writer.section(Section::Exact, &built.slots)?;
        drop(built);
        if self.settings.whole_words {
            self.fuzzy(&groups, words, &mut writer, &interrupts)?;
        }

        let Groups {
            mut rows,
            letters,
            members,
            ..
        } = groups;
        rows.try_grow_exact(1)?;
        rows.push(GroupRow {
            letters: letters.len() as u32,
            terms: members.len() as u32,
            ..GroupRow::default()
        });
        self.terms.try_grow_exact(1)?;
        self.terms.push(TermRow {
            text: texts as u32,
            tokens: self.term_tokens.len() as u32,
            ..TermRow::default()
        });
        writer.section(Section::Groups, &rows)?;
        drop(rows);
        writer.section(Section::Letters, &letters)?;
        drop(letters);
        writer.section(Section::GroupTerms, &members)?;
        drop(members);
        writer.section(Section::Terms, &self.terms)?;
        drop(self.terms);
        writer.section(Section::TermTokens, &self.term_tokens)?;
        Ok(Lexicon::of(writer.finish()))
    }

    /// The sections of the search for misspelled terms, of `words` different words.
    fn fuzzy(
        &self,
        groups: &Groups,
        words: usize,
        writer: &mut Writer,
        interrupts: &Interrupts,
    ) -> Result<(), LexiconError> {
        let count = groups.rows.len();
        let mut fuzzy: Vec<u32> = Vec::new();
        fuzzy.try_grow_exact(count)?;
        fuzzy.extend((0..count as u32).filter(|&group| groups.rows[group as usize].edits > 0));
        let length = |group: u32| groups.rows[group as usize].length;
        if !fuzzy.is_sorted_by_key(|&group| length(group)) {
            fuzzy.sort_unstable_by(|&a, &b| {
                interrupts.step();
                (length(a), a).cmp(&(length(b), b))
            });
        }
        let codes = |group: usize, codes: &mut Vec<u32>| groups.codes(group, codes);
        let built = anchors::build(&fuzzy, codes, interrupts)?;
        writer.section(Section::Bloom, &built.bloom)?;
        writer.section(Section::Buckets, &built.buckets)?;
        writer.section(Section::Postings, &built.postings)?;
        writer.header.anchors = built.kinds;
        drop(built);

        let mut letters = Vec::new();
        let mut packed: Vec<[u64; 2]> = Vec::new();
        packed.try_grow_exact(count)?;
        packed.extend((0..count).map(|group| {
            interrupts.step();
            groups.codes(group, &mut letters);
            Packed::term(&letters)
        }));
        writer.section(Section::Packed, &packed)?;
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
        let built = vocabulary::build(words, &fuzzy, posting, terms, interrupts)?;
        writer.section(Section::WordRows, &built.rows)?;
        writer.section(Section::WordStarts, &built.starts)?;
        writer.section(Section::WordPostings, &built.postings)?;
        writer.section(Section::WordPairs, &built.pairs)?;
        writer.header.long_terms = u8::from(built.long_terms);
        drop(built);

        let open = |group: &u32| {
            let mut members = groups.members(*group as usize).iter();
            members.any(|&term| self.terms[term as usize].guarded == 0)
        };
        fuzzy.retain(open);
        let built = anchors::build(&fuzzy, codes, interrupts)?;
        writer.section(Section::OpenBloom, &built.bloom)?;
        writer.section(Section::OpenBuckets, &built.buckets)?;
        writer.section(Section::OpenPostings, &built.postings)?;
        writer.header.open_anchors = built.kinds;
        drop(built);

        let wide = groups.wide(&self.terms);
        let built = wide::build(wide, codes, interrupts)?;
        writer.section(Section::Wide, &built.keys)?;
        writer.section(Section::WideBloom, &built.bloom)
    }
}
