//! The header of a compiled form: its version, its settings and counts, and where each section stands.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};

use super::checksum::checksum;
use super::sections::{SECTIONS, Section};
use crate::bounds::Interrupts;
use crate::lexicon::error::LexiconError;
use crate::lexicon::settings::{Overlap, Settings};

const MAGIC: u64 = u64::from_le_bytes(*b"TERMLEX\n");
/// Raised whenever the meaning of a byte changes, the rules of folding included.
const VERSION: u32 = 8;
/// Stands for a lexicon that sets no limit to the edits.
const NO_LIMIT: u8 = u8::MAX;

/// Where a section stands in the form, in bytes.
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Extent {
    pub start: u64,
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Header {
    magic: u64,
    pub(super) checksum: u64,
    pub(super) total: u64,
    version: u32,
    pub terms: u32,
    pub groups: u32,
    /// Letters, and bytes of letters, of the longest term.
    pub longest: u32,
    pub longest_bytes: u32,
    max_distance: u8,
    whole_words: u8,
    overlap: u8,
    /// Which kinds of fuzzy anchors occur at all, a bit each; and those of unguarded terms.
    pub anchors: u8,
    pub open_anchors: u8,
    /// Whether there are terms of more words than are known by their pairs; see `vocabulary`.
    pub long_terms: u8,
    unused: [u8; 2],
    unused_too: u32,
    /// Terms that could not become part of the lexicon.
    pub skipped: u64,
    pub(super) extents: [Extent; SECTIONS],
}

/// The size of the header in words of 8 bytes.
pub(super) const HEADER_WORDS: usize = size_of::<Header>() / 8;

impl Header {
    pub(super) fn new(settings: Settings) -> Header {
        Header {
            magic: MAGIC,
            version: VERSION,
            max_distance: settings.max_distance.unwrap_or(NO_LIMIT),
            whole_words: u8::from(settings.whole_words),
            overlap: settings.overlap as u8,
            ..Header::default()
        }
    }

    /// Reads the header of a form and checks that its sections lie inside; the checksum is not compared.
    pub(super) fn of_form(words: &[u64]) -> Result<Header, LexiconError> {
        let header: &[Header] = words
            .get(..HEADER_WORDS)
            .and_then(|words| bytemuck::try_cast_slice(words).ok())
            .ok_or(LexiconError::Damaged)?;
        let header = *header.first().ok_or(LexiconError::Damaged)?;
        header.check_version()?;
        let is_inside = |extent: &Extent| {
            extent.start.is_multiple_of(8)
                && extent
                    .start
                    .checked_add(extent.bytes)
                    .is_some_and(|end| end <= header.total)
        };
        if header.total != words.len() as u64 * 8 || !header.extents.iter().all(is_inside) {
            return Err(LexiconError::Damaged);
        }
        Ok(header)
    }

    /// Reads the header of a form whose dictionary was left out, and checks that the dictionary's extent is
    /// just what is missing.
    pub fn of_stored(bytes: &[u8]) -> Result<Header, LexiconError> {
        let header = bytes.get(..HEADER_WORDS * 8).ok_or(LexiconError::Damaged)?;
        let header: Header = bytemuck::pod_read_unaligned(header);
        header.check_version()?;
        let Extent { start, bytes: left } = header.extents[Section::Dictionary as usize];
        let is_multiple = [start, left, header.total].map(|one| one % 8) == [0; 3];
        let is_whole = (bytes.len() as u64).checked_add(left) == Some(header.total);
        let is_there = is_multiple && is_whole && start <= bytes.len() as u64;
        is_there.then_some(header).ok_or(LexiconError::Damaged)
    }

    fn check_version(&self) -> Result<(), LexiconError> {
        if self.magic != MAGIC {
            return Err(LexiconError::Damaged);
        }
        if self.version != VERSION {
            return Err(LexiconError::Version {
                found: self.version,
                expected: VERSION,
            });
        }
        Ok(())
    }

    pub(super) fn check_sum(
        &self,
        words: &[u64],
        interrupts: &Interrupts,
    ) -> Result<(), LexiconError> {
        match self.checksum == checksum(words, interrupts) {
            true => Ok(()),
            false => Err(LexiconError::Damaged),
        }
    }

    /// A number that tells this lexicon from others, for buffers that outlive it.
    pub fn identity(&self) -> u64 {
        self.checksum
    }

    pub fn settings(&self) -> Settings {
        Settings {
            max_distance: (self.max_distance != NO_LIMIT).then_some(self.max_distance),
            whole_words: self.whole_words != 0,
            overlap: match self.overlap {
                0 => Overlap::Longest,
                1 => Overlap::Nested,
                _ => Overlap::All,
            },
        }
    }

    /// The bytes of the dictionary's slots.
    pub fn dictionary(&self) -> Range<usize> {
        let Extent { start, bytes } = self.extents[Section::Dictionary as usize];
        start as usize..(start + bytes) as usize
    }
}
