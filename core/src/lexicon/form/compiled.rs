//! A compiled form that was checked, and its sections as slices.
//!
//! ```text
//! header: magic, version, checksum, settings, counts, extent of each section
//! sections, each on a multiple of 8: ids, texts, letters, tokens, exact table, fuzzy anchors
//! ```
//!
//! Numbers are little-endian, as on the only machines it is built for. A foreign, truncated or altered
//! buffer is refused when it is opened: the checksum covers every byte.

use std::sync::Arc;

use bytemuck::Pod;

use super::header::Header;
use super::sections::Section;
use crate::bounds::{Interrupts, filled};
use crate::lexicon::error::LexiconError;
use crate::lexicon::settings::Settings;

/// Bytes that somebody else keeps alive: a mapped file, a detoasted value.
pub type Shared = Arc<dyn AsRef<[u8]> + Send + Sync>;

enum Bytes {
    Owned(Vec<u64>),
    Shared(Shared),
}

/// A compiled form, with its header taken out.
pub(crate) struct Compiled {
    pub header: Header,
    bytes: Bytes,
}

impl Compiled {
    pub(super) fn of_parts(header: Header, words: Vec<u64>) -> Compiled {
        Compiled {
            header,
            bytes: Bytes::Owned(words),
        }
    }

    /// Copies the bytes, which need not be aligned.
    pub fn copied(bytes: &[u8], interrupts: &Interrupts) -> Result<Compiled, LexiconError> {
        if !bytes.len().is_multiple_of(8) {
            return Err(LexiconError::Damaged);
        }
        let mut words = filled(0u64, bytes.len() / 8, interrupts)?;
        bytemuck::cast_slice_mut::<u64, u8>(&mut words).copy_from_slice(bytes);
        Compiled::owned(words, interrupts)
    }

    pub fn owned(words: Vec<u64>, interrupts: &Interrupts) -> Result<Compiled, LexiconError> {
        let header = Header::of_form(&words)?;
        header.check_sum(&words, interrupts)?;
        Ok(Compiled::of_parts(header, words))
    }

    /// Uses the bytes where they are; they must begin on a multiple of 8.
    pub fn shared(bytes: Shared, interrupts: &Interrupts) -> Result<Compiled, LexiconError> {
        let compiled = Compiled::trusted(bytes)?;
        let words = bytemuck::try_cast_slice(compiled.bytes()).unwrap_or(&[]);
        compiled.header.check_sum(words, interrupts)?;
        Ok(compiled)
    }

    /// Like [`Compiled::shared`], but reads the header alone.
    pub fn trusted(bytes: Shared) -> Result<Compiled, LexiconError> {
        let words =
            bytemuck::try_cast_slice((*bytes).as_ref()).map_err(|_| LexiconError::Damaged)?;
        let header = Header::of_form(words)?;
        Ok(Compiled {
            header,
            bytes: Bytes::Shared(bytes),
        })
    }

    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Owned(words) => bytemuck::cast_slice(words),
            Bytes::Shared(bytes) => (**bytes).as_ref(),
        }
    }

    /// The bytes that this process holds on its heap.
    pub fn heap_bytes(&self) -> usize {
        match &self.bytes {
            Bytes::Owned(words) => words.capacity() * 8,
            Bytes::Shared(_) => 0,
        }
    }

    #[inline]
    pub fn section<T: Pod>(&self, section: Section) -> &[T] {
        self.view().section(section)
    }

    #[inline]
    pub fn view(&self) -> View<'_> {
        View {
            header: &self.header,
            bytes: self.bytes(),
        }
    }

    pub fn identity(&self) -> u64 {
        self.header.identity()
    }

    pub fn settings(&self) -> Settings {
        self.header.settings()
    }
}

/// A compiled form during one search, which need not ask for each section who owns the bytes.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub header: &'a Header,
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// The rows of a section. Its extent was checked on opening; a mismatch reads as empty.
    #[inline]
    pub fn section<T: Pod>(self, section: Section) -> &'a [T] {
        let extent = &self.header.extents[section as usize];
        let (start, bytes) = (extent.start as usize, extent.bytes as usize);
        let bytes = self.bytes.get(start..start + bytes);
        bytemuck::try_cast_slice(bytes.unwrap_or(&[])).unwrap_or(&[])
    }
}
