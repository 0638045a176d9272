//! The last step of building: the sections of the compiled form, one after the other, each from a table
//! that is dropped before the next is made.

use super::builder::Builder;
use super::groups::Grouped;
use crate::bounds::{Grow, Interrupts, OutOfMemory, filled};
use crate::lexicon::error::LexiconError;
use crate::lexicon::form::{GroupRow, Section, TermRow, Writer};
use crate::lexicon::parts::Lexicon;
use crate::lexicon::tables::packed::Packed;
use crate::lexicon::tables::posting::Posting;
use crate::lexicon::tables::{anchors, dictionary, exact, vocabulary, wide};

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

    /// Compiles what was added.
    pub fn finish(mut self) -> Result<Lexicon, LexiconError> {
        let mut writer = Writer::new(self.settings, self.interrupts.clone())?;
        let words = self.write_words(&mut writer)?;
        let groups = self.group()?;
        // What the groups have now, or nobody asks for again, is not kept beside the tables to come.
        self.letters = Vec::new();
        self.letter_ends = Vec::new();
        let texts = self.write_terms(&groups, words, &mut writer)?;
        self.write_exact(&groups, &mut writer)?;
        if self.settings.whole_words {
            self.write_fuzzy(&groups, words, &mut writer)?;
        }
        self.write_rows(groups, texts, &mut writer)?;
        Ok(Lexicon::new(writer.finish()))
    }

    /// Writes what is known of words, and returns how many words the terms have.
    fn write_words(&mut self, writer: &mut Writer) -> Result<usize, LexiconError> {
        for (word, documents) in self.learner.words() {
            self.interrupts.step();
            self.tokens.frequency(word.as_bytes(), documents)?;
        }
        let tokens = std::mem::take(&mut self.tokens);
        let (slots, frequencies) = tokens.finish(&self.interrupts)?;
        writer.section(Section::Tokens, &slots)?;
        drop(slots);
        writer.section(Section::Frequencies, &frequencies)?;
        let words = frequencies.len();
        drop(frequencies);
        writer.section(Section::Dictionary, &self.dictionary_slots()?)?;
        Ok(words)
    }

    /// Writes ids and texts of the terms, how often each of the `words` is used, and what was skipped.
    /// Returns the bytes of all texts.
    fn write_terms(
        &mut self,
        groups: &Grouped,
        words: usize,
        writer: &mut Writer,
    ) -> Result<usize, LexiconError> {
        writer.section(Section::Ids, &self.ids)?;
        self.ids = Vec::new();
        writer.section(Section::Texts, self.texts.as_bytes())?;
        let texts = std::mem::take(&mut self.texts).len();
        let mut uses = filled(0u32, words, &self.interrupts)?;
        for &term in &groups.members {
            self.interrupts.step();
            for &token in self.tokens_of(term as usize) {
                uses[token as usize] += 1;
            }
        }
        writer.section(Section::Uses, &uses)?;
        writer.section(Section::Repeated, &groups.repeated)?;
        writer.section(Section::SkippedIds, &self.skipped_ids)?;
        writer.header.skipped = self.skipped;
        writer.header.terms = self.terms.len() as u32;
        Ok(texts)
    }

    /// Writes the tables of the search for terms as they are written.
    fn write_exact(&self, groups: &Grouped, writer: &mut Writer) -> Result<(), LexiconError> {
        let count = groups.rows.len();
        let lengths = groups.rows.iter().map(|row| u32::from(row.length));
        writer.header.groups = count as u32;
        writer.header.longest = lengths.max().unwrap_or(0);
        let letters = (0..count).map(|group| groups.letters(group));
        let longest = letters.clone().map(<[u8]>::len).max().unwrap_or(0);
        writer.header.longest_bytes = longest as u32;
        let built = exact::build(letters, &self.interrupts)?;
        writer.section(Section::Prefixes, &built.prefixes)?;
        writer.section(Section::Starts, &built.starts)?;
        writer.section(Section::Shorts, &built.shorts)?;
        writer.section(Section::Exact, &built.slots)
    }

    /// Writes the tables of the search for misspelled terms, of `words` different words.
    fn write_fuzzy(
        &self,
        groups: &Grouped,
        words: usize,
        writer: &mut Writer,
    ) -> Result<(), LexiconError> {
        let interrupts = &self.interrupts;
        let mut fuzzy = groups.misspelled(interrupts)?;
        let codes = |group: usize, codes: &mut Vec<u32>| groups.codes(group, codes);
        let built = anchors::build(&fuzzy, codes, interrupts)?;
        writer.section(Section::Bloom, &built.bloom)?;
        writer.section(Section::Buckets, &built.buckets)?;
        writer.section(Section::Postings, &built.postings)?;
        writer.header.anchors = built.kinds;
        drop(built);

        write_packed(groups, writer, interrupts)?;
        self.write_vocabulary(groups, words, &fuzzy, writer)?;

        fuzzy.retain(|&group| {
            let mut members = groups.members(group as usize).iter();
            members.any(|&term| self.terms[term as usize].guarded == 0)
        });
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

    /// Writes for each of the `words` the terms that have it, of the groups `fuzzy`.
    fn write_vocabulary(
        &self,
        groups: &Grouped,
        words: usize,
        fuzzy: &[u32],
        writer: &mut Writer,
    ) -> Result<(), LexiconError> {
        let posting = |group: usize| {
            let mut codes = Vec::new();
            groups.codes(group, &mut codes);
            Posting::new(group, &codes)
        };
        let terms = |group: usize| -> Vec<&[u32]> {
            let members = groups.members(group).iter();
            let tokens = members.map(|&term| self.tokens_of(term as usize));
            tokens.filter(|tokens| tokens.len() > 1).collect()
        };
        let built = vocabulary::build(words, fuzzy, posting, terms, &self.interrupts)?;
        writer.section(Section::WordRows, &built.rows)?;
        writer.section(Section::WordStarts, &built.starts)?;
        writer.section(Section::WordPostings, &built.postings)?;
        writer.section(Section::WordPairs, &built.pairs)?;
        writer.header.long_terms = u8::from(built.long_terms);
        Ok(())
    }

    /// Writes the rows of groups and of terms, each with one more that ends the last.
    fn write_rows(
        mut self,
        groups: Grouped,
        texts: usize,
        writer: &mut Writer,
    ) -> Result<(), LexiconError> {
        let Grouped {
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
        writer.section(Section::TermTokens, &self.term_tokens)
    }
}

/// Writes the letters of each group in 128 bits.
fn write_packed(
    groups: &Grouped,
    writer: &mut Writer,
    interrupts: &Interrupts,
) -> Result<(), LexiconError> {
    let count = groups.rows.len();
    let mut letters = Vec::new();
    let mut packed: Vec<[u64; 2]> = Vec::new();
    packed.try_grow_exact(count)?;
    packed.extend((0..count).map(|group| {
        interrupts.step();
        groups.codes(group, &mut letters);
        Packed::term(&letters)
    }));
    writer.section(Section::Packed, &packed)
}
