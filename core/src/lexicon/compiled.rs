//! The compiled form: one run of bytes with a header and flat sections, without pointers, so that
//! the same bytes serve from memory, from a file mapped by every process, or from a table.
//!
//! ```text
//! header: magic, version, checksum, settings, counts, place of each section
//! sections, each on a multiple of 8: ids, texts, letters, tokens, exact table, fuzzy anchors
//! ```
//!
//! The layout is that of the machine (little-endian, the only kind it is built for). A foreign,
//! truncated or altered buffer is refused when it is opened: the checksum covers every byte.

use std::ops::Range;
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};

use super::LexiconError;
use super::checksum::checksum;
use super::settings::{Overlap, Settings};
use crate::bounds::{EVERY, Grow, Interrupts, OutOfMemory, filled};

const MAGIC: u64 = u64::from_le_bytes(*b"TERMLEX\n");
/// Raised whenever the meaning of a byte changes, the rules of folding included.
const VERSION: u32 = 8;
/// Bytes that are copied, or summed up, between two questions whether to go on; a multiple of 32.
pub(super) const PIECE: usize = 1 << 20;

/// The sections of the compiled form.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(crate) enum Section {
    /// `i64` per term.
    Ids,
    /// [`TermRow`] per term, and one more that ends the last.
    Terms,
    /// The terms as written, one after the other.
    Texts,
    /// `u32` per token of each term: its number in the vocabulary.
    TermTokens,
    /// [`GroupRow`] per group (terms of the same letters), and one more that ends the last.
    Groups,
    /// The folded letters of each group, one after the other.
    Letters,
    /// `u32` per term: the terms of each group.
    GroupTerms,
    /// Open addressing: [`super::tokens::TokenSlot`].
    Tokens,
    /// `u64` per slot: see [`super::dictionary`].
    Dictionary,
    /// `u32` per vocabulary number: in how many learned documents the token stood.
    Frequencies,
    /// `u32` per vocabulary number: how often the token stands in the terms of the groups.
    Uses,
    /// A term given more than once and how often, two `u32` each, in the order of the terms.
    Repeated,
    /// `i64` per skipped term, of the first of them.
    SkippedIds,
    /// `u64` twice per group: [`super::packed::Packed`].
    Packed,
    /// For each vocabulary number where its terms begin and which lengths they have; where those of a
    /// length begin; the terms; a Bloom filter of pairs of words: see [`super::vocabulary`].
    WordRows,
    WordStarts,
    WordPostings,
    WordPairs,
    /// `u16` per slot: which lengths of terms begin with the letters that hash there.
    Prefixes,
    /// Bloom filter of the first letters of longer terms, too few of them for the prefix table.
    Starts,
    /// Bloom filter of the terms too short for the prefix table.
    Shorts,
    /// `u64` per slot: half a hash and a group.
    Exact,
    Bloom,
    Buckets,
    Postings,
    /// Bloom filter, buckets and postings of the terms without the common-word guard only.
    OpenBloom,
    OpenBuckets,
    OpenPostings,
    /// `u64` keys, ascending, and a Bloom filter of them: see [`super::wide`].
    Wide,
    WideBloom,
}

const SECTIONS: usize = Section::WideBloom as usize + 1;

#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct TermRow {
    /// Where its text begins in `Texts`, and its tokens in `TermTokens`.
    pub text: u32,
    pub tokens: u32,
    /// The part of the text from the first letter to the last, outer punctuation left off.
    pub core_start: u16,
    pub core_end: u16,
    pub edits: u8,
    pub guarded: u8,
    /// The number of edits is its own, of whatever kind.
    pub own: u8,
    /// Fills the row up to a multiple of four bytes.
    pub unused: u8,
}

#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct GroupRow {
    /// Where its letters begin in `Letters`, and its terms in `GroupTerms`.
    pub letters: u32,
    pub terms: u32,
    /// Letters counted as characters, the most edits any of its terms allows.
    pub length: u16,
    pub edits: u8,
    pub unused: u8,
}

#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
struct Place {
    start: u64,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Header {
    magic: u64,
    checksum: u64,
    total: u64,
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
    /// Terms that could not become part of it.
    pub skipped: u64,
    places: [Place; SECTIONS],
}

const HEADER_BYTES: usize = size_of::<Header>();

impl Header {
    /// Tells this lexicon from others in buffers that outlive it.
    pub fn identity(&self) -> u64 {
        self.checksum
    }

    /// The bytes of the dictionary's slots.
    pub fn dictionary(&self) -> Range<usize> {
        let Place { start, bytes } = self.places[Section::Dictionary as usize];
        start as usize..(start + bytes) as usize
    }
}

/// The header of a form whose dictionary was left out: the dictionary's place is inside what the whole
/// was, and ends where the rest goes on.
pub(crate) fn header_of_stored(bytes: &[u8]) -> Result<Header, LexiconError> {
    let header = bytes.get(..HEADER_BYTES).ok_or(LexiconError::Damaged)?;
    let header: Header = bytemuck::pod_read_unaligned(header);
    known(&header)?;
    let Place { start, bytes: left } = header.places[Section::Dictionary as usize];
    let is_multiple = [start, left, header.total].map(|one| one % 8) == [0; 3];
    let is_whole = (bytes.len() as u64).checked_add(left) == Some(header.total);
    let is_there = is_multiple && is_whole && start <= bytes.len() as u64;
    is_there.then_some(header).ok_or(LexiconError::Damaged)
}

/// Writes the sections one after the other.
pub(crate) struct Writer {
    words: Vec<u64>,
    pub header: Header,
    interrupts: Interrupts,
}

impl Writer {
    pub fn new(settings: Settings, interrupts: Interrupts) -> Result<Writer, OutOfMemory> {
        let header = Header {
            magic: MAGIC,
            version: VERSION,
            max_distance: settings.max_distance.unwrap_or(u8::MAX),
            whole_words: u8::from(settings.whole_words),
            overlap: settings.overlap as u8,
            ..Header::default()
        };
        Ok(Writer {
            words: filled(0, HEADER_BYTES / 8, &interrupts)?,
            header,
            interrupts,
        })
    }

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
        self.header.places[section as usize] = Place {
            start: start as u64 * 8,
            bytes: bytes.len() as u64,
        };
        Ok(())
    }

    pub fn finish(mut self) -> Compiled {
        self.header.total = self.words.len() as u64 * 8;
        self.header.checksum = 0;
        self.words[..HEADER_BYTES / 8].copy_from_slice(bytemuck::cast_slice(&[self.header]));
        self.header.checksum = checksum(&self.words, &self.interrupts);
        self.words[1] = self.header.checksum;
        Compiled {
            header: self.header,
            bytes: Bytes::Owned(self.words),
        }
    }
}

/// Bytes that somebody else keeps alive: a mapped file, a detoasted value.
pub type Shared = Arc<dyn AsRef<[u8]> + Send + Sync>;

enum Bytes {
    Owned(Vec<u64>),
    Shared(Shared),
}

/// A buffer that has been checked, with its header taken out.
pub(crate) struct Compiled {
    pub header: Header,
    bytes: Bytes,
}

impl Compiled {
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
        let header = checked(&words, interrupts)?;
        Ok(Compiled {
            header,
            bytes: Bytes::Owned(words),
        })
    }

    /// Uses the bytes where they are; they must begin on a multiple of 8.
    pub fn shared(bytes: Shared, interrupts: &Interrupts) -> Result<Compiled, LexiconError> {
        let compiled = Compiled::trusted(bytes)?;
        let words = bytemuck::try_cast_slice(compiled.bytes()).unwrap_or(&[]);
        if compiled.header.checksum != checksum(words, interrupts) {
            return Err(LexiconError::Damaged);
        }
        Ok(compiled)
    }

    /// Like `shared`, but reads the header alone.
    pub fn trusted(bytes: Shared) -> Result<Compiled, LexiconError> {
        let words =
            bytemuck::try_cast_slice((*bytes).as_ref()).map_err(|_| LexiconError::Damaged)?;
        let header = placed(words)?;
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
        let header = &self.header;
        Settings {
            max_distance: (header.max_distance != u8::MAX).then_some(header.max_distance),
            whole_words: header.whole_words != 0,
            overlap: match header.overlap {
                0 => Overlap::Longest,
                1 => Overlap::Nested,
                _ => Overlap::All,
            },
        }
    }
}

/// A compiled form as one search sees it: whose bytes they are has been asked.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub header: &'a Header,
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// The rows of a section. Its place was checked on opening; a mismatch reads as empty.
    #[inline]
    pub fn section<T: Pod>(self, section: Section) -> &'a [T] {
        let place = &self.header.places[section as usize];
        let (start, bytes) = (place.start as usize, place.bytes as usize);
        let bytes = self.bytes.get(start..start + bytes);
        bytemuck::try_cast_slice(bytes.unwrap_or(&[])).unwrap_or(&[])
    }
}

/// The header of a buffer in which every word counts.
fn checked(words: &[u64], interrupts: &Interrupts) -> Result<Header, LexiconError> {
    let header = placed(words)?;
    if header.checksum != checksum(words, interrupts) {
        return Err(LexiconError::Damaged);
    }
    Ok(header)
}

/// The header, its sections inside the buffer.
fn placed(words: &[u64]) -> Result<Header, LexiconError> {
    let header: &[Header] = words
        .get(..HEADER_BYTES / 8)
        .and_then(|words| bytemuck::try_cast_slice(words).ok())
        .ok_or(LexiconError::Damaged)?;
    let header = *header.first().ok_or(LexiconError::Damaged)?;
    known(&header)?;
    let inside = |place: &Place| {
        place.start.is_multiple_of(8)
            && place
                .start
                .checked_add(place.bytes)
                .is_some_and(|end| end <= header.total)
    };
    if header.total != words.len() as u64 * 8 || !header.places.iter().all(inside) {
        return Err(LexiconError::Damaged);
    }
    Ok(header)
}

/// Whether it is a header of this version.
fn known(header: &Header) -> Result<(), LexiconError> {
    if header.magic != MAGIC {
        return Err(LexiconError::Damaged);
    }
    if header.version != VERSION {
        return Err(LexiconError::Version {
            found: header.version,
            expected: VERSION,
        });
    }
    Ok(())
}

/// The range that row `i` of a table begins and row `i + 1` ends, cut to what there is.
#[inline]
pub(crate) fn span(start: u32, end: u32, length: usize) -> Range<usize> {
    let end = (end as usize).min(length);
    (start as usize).min(end)..end
}
