//! STUB
#![forbid(unsafe_code)]
use std::str::FromStr;
#[derive(Clone, Debug)]
pub struct Settings { pub max_distance: Option<u8>, pub whole_words: bool, pub overlap: Overlap }
impl Default for Settings { fn default() -> Self { Settings { max_distance: None, whole_words: true, overlap: Overlap::Longest } } }
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Overlap { Longest, All }
#[derive(Debug, thiserror::Error)]
pub enum LexiconError { #[error("unknown overlap \"{0}\"")] Overlap(String) }
impl FromStr for Overlap { type Err = LexiconError; fn from_str(s: &str) -> Result<Self, LexiconError> { match s { "longest" => Ok(Overlap::Longest), "all" => Ok(Overlap::All), o => Err(LexiconError::Overlap(o.into())) } } }
#[derive(Default, Clone, Copy)]
pub struct TermOptions { pub guard: bool, pub max_distance: Option<u8> }
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Added { Yes, Empty, TooLong }
pub fn english() -> impl Iterator<Item = &'static str> { std::iter::empty() }
pub struct Builder { terms: Vec<(i64, String)> }
impl Builder {
    pub fn new(_: Settings) -> Builder { Builder { terms: vec![] } }
    pub fn common_words<'a>(&mut self, _w: impl Iterator<Item = &'a str>) {}
    pub fn add(&mut self, id: i64, term: &str, _o: TermOptions) -> Added { if term.trim().is_empty() { return Added::Empty } self.terms.push((id, term.into())); Added::Yes }
    pub fn finish(self) -> Result<Lexicon, LexiconError> { Ok(Lexicon { terms: self.terms }) }
}
pub struct Lexicon { terms: Vec<(i64, String)> }
#[derive(Default)]
pub struct Scratch { out: Vec<Mention> }
#[derive(Clone, Copy, Debug)]
pub struct Mention { pub term: u32, pub start: usize, pub end: usize, pub distance: u8, pub similarity: f32, pub kind: Kind }
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind { Exact, Folded, Fuzzy }
impl Kind { pub fn as_str(self) -> &'static str { match self { Kind::Exact => "exact", Kind::Folded => "folded", Kind::Fuzzy => "fuzzy" } } }
impl Lexicon {
    pub fn search<'s>(&self, text: &str, scratch: &'s mut Scratch) -> &'s [Mention] {
        scratch.out.clear();
        for (n, (_, t)) in self.terms.iter().enumerate() { if let Some(p) = text.to_ascii_lowercase().find(&t.to_ascii_lowercase()) { scratch.out.push(Mention { term: n as u32, start: p, end: p + t.len(), distance: 0, similarity: 1.0, kind: Kind::Exact }) } }
        scratch.out.sort_by_key(|m| m.start);
        &scratch.out
    }
    pub fn is_match(&self, text: &str, scratch: &mut Scratch) -> bool { !self.search(text, scratch).is_empty() }
    pub fn term_id(&self, t: u32) -> i64 { self.terms[t as usize].0 }
    pub fn term_text(&self, t: u32) -> &str { &self.terms[t as usize].1 }
    pub fn terms(&self) -> usize { self.terms.len() }
    pub fn heap_bytes(&self) -> usize { 0 }
}
