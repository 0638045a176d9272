//! Writes a compiled form, section by section.

use bytemuck::Pod;

use super::checksum::{PIECE, checksum};
use super::compiled::Compiled;
use super::header::{Extent, HEADER_WORDS, Header};
use super::sections::Section;
use crate::bounds::{EVERY, Grow, Interrupts, OutOfMemory, filled};
use crate::lexicon::error::LexiconError;
use crate::lexicon::settings::Settings;

/// A compiled form in the making.
pub(crate) struct Writer {
    words: Vec<u64>,
    pub header: Header,
    interrupts: Interrupts,
}

impl Writer {
    pub fn new(settings: Settings, interrupts: Interrupts) -> Result<Writer, OutOfMemory> {
        Ok(Writer {
            words: filled(0, HEADER_WORDS, &interrupts)?,
            header: Header::new(settings),
            interrupts,
        })
    }

    /// Appends the rows of a section.
    pub fn section<T: Pod>(&mut self, section: Section, rows: &[T]) -> Result<(), LexiconError> {
        let bytes: &[u8] = bytemuck::cast_slice(rows);
        let start = self.words.len();
        self.words.try_grow_exact(bytes.len().div_ceil(8))?;
        for piece in bytes.chunks(PIECE) {
            self.interrupts.steps(EVERY as usize);
            let from = self.words.len();
            self.words.resize(from + piece.len().div_ceil(8), 0);
            bytemuck::cast_slice_mut::<u64, u8>(&mut self.words[from..])[..piece.len()]
                .copy_from_slice(piece);
        }
        self.header.extents[section as usize] = Extent {
            start: start as u64 * 8,
            bytes: bytes.len() as u64,
        };
        Ok(())
    }

    pub fn finish(mut self) -> Compiled {
        self.header.total = self.words.len() as u64 * 8;
        self.header.checksum = 0;
        self.words[..HEADER_WORDS].copy_from_slice(bytemuck::cast_slice(&[self.header]));
        self.header.checksum = checksum(&self.words, &self.interrupts);
        self.words[1] = self.header.checksum;
        Compiled::of_parts(self.header, self.words)
    }
}
