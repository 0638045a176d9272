//! Misspelled mentions: only stretches of words that can be part of one are looked at, the anchors
//! name terms that may be near, and each is measured and judged.
//!
//! A *stretch* is a run of words of which each is a word of the lexicon or may be a misspelling, with
//! at least one of the latter: by the guards no other window can pass. Most stretches are one unknown
//! word between ordinary ones, and most recur: a small memory of stretches without a candidate saves
//! four of five of them.

use super::anchors::{Anchors, Posting, parity};
use super::compiled::{Compiled, GroupRow, Section, span};
use super::guard::{Judge, Text, may_be_changed};
use super::hash::{self, Letter};
use super::osa::osa;
use super::overlap::Candidate;
use super::settings::MAX_DISTANCE;
use super::words::Word;

/// Stretches remembered as barren: 32 KiB, which stay in the first-level cache.
const REMEMBERED: usize = 4096;

/// Buffers of the fuzzy search, kept from text to text.
#[derive(Default)]
pub(crate) struct FuzzyScratch {
    prefix: Vec<u64>,
    parity: Vec<u32>,
    windows: Vec<Window>,
    codes: Vec<u32>,
    barren: Vec<u64>,
    /// The lexicon that `barren` is about.
    lexicon: u64,
}

/// A window of a stretch: words `first..=last`, letters `start..end` of the stretch.
#[derive(Clone, Copy)]
struct Window {
    first: u32,
    last: u32,
    stem: bool,
    start: u32,
    end: u32,
    parity: u32,
}

impl Window {
    fn length(&self) -> usize {
        (self.end - self.start) as usize
    }
}

/// One search, over the letters of one text.
pub(crate) struct Fuzzy<'a, L> {
    pub compiled: &'a Compiled,
    pub letters: &'a [L],
    pub text: Text<'a>,
}

impl<L: Letter> Fuzzy<'_, L> {
    pub fn search(&self, scratch: &mut FuzzyScratch, candidates: &mut Vec<Candidate>) {
        let identity = self.compiled.identity();
        if scratch.lexicon != identity || scratch.barren.is_empty() {
            scratch.barren.clear();
            scratch.barren.resize(REMEMBERED, 0);
            scratch.lexicon = identity;
        }
        let header = &self.compiled.header;
        if header.anchors != 0 {
            self.stretches(&Anchors::guarded(self.compiled), true, scratch, candidates);
        }
        if header.open_anchors != 0 {
            self.stretches(&Anchors::open(self.compiled), false, scratch, candidates);
        }
    }

    fn stretches(
        &self,
        anchors: &Anchors<'_>,
        guarded: bool,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let changed = |word: &Word| {
            !word.endless
                && (may_be_changed(word.standing, word.numeric, guarded)
                    || word.possessive && may_be_changed(word.stem_standing, word.numeric, guarded))
        };
        let belongs = |word: &Word| {
            word.standing.in_lexicon() || word.stem_standing.in_lexicon() || changed(word)
        };
        let mut first = 0;
        while let Some(word) = self.text.words.get(first) {
            if !belongs(word) {
                first += 1;
                continue;
            }
            let mut unknown = changed(word);
            let mut end = first + 1;
            while let Some(word) = self.text.words.get(end)
                && !word.breaks
                && belongs(word)
            {
                unknown |= changed(word);
                end += 1;
            }
            if unknown {
                let mut key = 0u64;
                for word in &self.text.words[first..end] {
                    let own =
                        hash::between(word.before, word.after, (word.end - word.start) as usize);
                    key = hash::scatter(
                        key.rotate_left(17) ^ own.wrapping_add(u64::from(word.possessive)),
                    );
                }
                key = (key ^ u64::from(guarded)) | 2;
                let at = hash::slot(key, REMEMBERED);
                if scratch.barren[at] != key {
                    let before = candidates.len();
                    self.stretch(anchors, first, end, &changed, scratch, candidates);
                    if candidates.len() == before {
                        scratch.barren[at] = key;
                    }
                }
            }
            first = end;
        }
    }

    fn stretch(
        &self,
        anchors: &Anchors<'_>,
        first: usize,
        end: usize,
        changed: &impl Fn(&Word) -> bool,
        scratch: &mut FuzzyScratch,
        candidates: &mut Vec<Candidate>,
    ) {
        let FuzzyScratch {
            prefix,
            parity: parities,
            windows,
            codes,
            ..
        } = scratch;
        let words = &self.text.words[first..end];
        let base = words[0].start as usize;
        let letters = &self.letters[base..words[words.len() - 1].end as usize];
        prefix.clear();
        prefix.push(0);
        parities.clear();
        parities.push(0);
        let (mut hash, mut parity_so_far) = (0, 0);
        for &letter in letters {
            hash = hash::push(hash, letter);
            parity_so_far ^= parity(letter);
            prefix.push(hash);
            parities.push(parity_so_far);
        }
        let longest = self.compiled.header.longest as usize + usize::from(MAX_DISTANCE);

        let mut unknown = 0;
        for (a, word) in words.iter().enumerate() {
            unknown = unknown.max(a);
            while unknown < words.len() && !changed(&words[unknown]) {
                unknown += 1;
            }
            let start = word.start as usize - base;
            windows.clear();
            for (b, word) in words.iter().enumerate().skip(unknown) {
                if word.end(true) - base - start > longest {
                    break;
                }
                for stem in [false, true] {
                    if stem && !word.possessive {
                        break;
                    }
                    let end = word.end(stem) - base;
                    if end - start >= 3 {
                        windows.push(Window {
                            first: (first + a) as u32,
                            last: (first + b) as u32,
                            stem,
                            start: start as u32,
                            end: end as u32,
                            parity: parities[end] ^ parities[start],
                        });
                    }
                }
            }
            for window in windows.iter() {
                let (start, end) = (window.start as usize, window.end as usize);
                if end - start <= 9 {
                    anchors.of_window(&letters[start..end], &prefix[start..=end], |posting| {
                        self.consider(posting, window, &letters[start..end], codes, candidates);
                    });
                }
            }
            if windows.iter().any(|window| window.length() >= 7) {
                anchors.of_head(&letters[start..], &prefix[start..], |posting| {
                    for window in windows.iter() {
                        let letters = &letters[window.start as usize..window.end as usize];
                        self.consider(posting, window, letters, codes, candidates);
                    }
                });
            }
        }

        for (b, word) in words.iter().enumerate() {
            for stem in [false, true] {
                if stem && !word.possessive {
                    break;
                }
                let end = word.end(stem) - base;
                windows.clear();
                let mut has_unknown = false;
                for (a, from) in words.iter().enumerate().take(b + 1).rev() {
                    has_unknown |= changed(from);
                    let start = from.start as usize - base;
                    if end - start > longest {
                        break;
                    }
                    if has_unknown && end - start >= 7 {
                        windows.push(Window {
                            first: (first + a) as u32,
                            last: (first + b) as u32,
                            stem,
                            start: start as u32,
                            end: end as u32,
                            parity: parities[end] ^ parities[start],
                        });
                    }
                }
                let Some(widest) = windows.last() else {
                    continue;
                };
                let start = widest.start as usize;
                anchors.of_tail(&letters[start..end], &prefix[start..=end], |posting| {
                    for window in windows.iter() {
                        self.consider(
                            posting,
                            window,
                            &letters[window.start as usize..end],
                            codes,
                            candidates,
                        );
                    }
                });
            }
        }
    }

    /// Measures and judges one term against one window.
    fn consider(
        &self,
        posting: Posting,
        window: &Window,
        letters: &[L],
        codes: &mut Vec<u32>,
        candidates: &mut Vec<Candidate>,
    ) {
        if !posting.near(window.length(), window.parity) {
            return;
        }
        let group = posting.group() as usize;
        let rows: &[GroupRow] = self.compiled.section(Section::Groups);
        let (Some(row), Some(next)) = (rows.get(group), rows.get(group + 1)) else {
            return;
        };
        let all: &[u8] = self.compiled.section(Section::Letters);
        let own = &all[span(row.letters, next.letters, all.len())];
        let distance = if own.len() == usize::from(row.length) {
            osa(letters, own, row.edits)
        } else {
            codes.clear();
            codes.extend(
                std::str::from_utf8(own)
                    .unwrap_or("")
                    .chars()
                    .map(u32::from),
            );
            osa(letters, codes, row.edits)
        };
        let Some(distance) = distance.filter(|&distance| distance > 0) else {
            return;
        };
        let candidate = Candidate {
            first: window.first,
            last: window.last,
            stem: window.stem,
            group: group as u32,
            distance,
            letters: row.length,
            window_letters: letters.len() as u16,
        };
        let known = candidates
            .iter()
            .rev()
            .take(8)
            .any(|other| *other == candidate);
        if !known
            && Judge::of(self.compiled, self.text)
                .accepted(candidate)
                .next()
                .is_some()
        {
            candidates.push(candidate);
        }
    }
}
