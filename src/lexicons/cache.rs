//! The compiled forms that a backend caches: those of the lexicons it used last, within bounds.
//!
//! A form that no statement can ask for again is dropped: one of a transaction when that ends, one of a
//! removed file (the lexicon was dropped, or has a newer form) when other lexicons are asked for. That
//! frees its memory, and the disk space of the removed file.

use once_cell::unsync::Lazy;
use pgrx::pg_sys;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::pg::shared_file::SharedFile;
use crate::pg::snapshot::Identity;
use termstream_core::lexicon::Lexicon;

/// A lexicon ready for matching.
pub struct CachedLexicon {
    pub lexicon: Lexicon,
    pub(super) fingerprint: i64,
    /// The file that it, or its base, maps.
    pub(super) file: Option<SharedFile>,
    pub(super) life: Life,
}

/// How long a fingerprint stands for the same terms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// For ever: the terms are committed.
    Committed,
    /// Until the end of the running transaction, which has changed the terms.
    Transaction,
    /// Until the end of the running statement of this number, which is changing the terms.
    Statement(u64),
}

/// The base of a lexicon that was opened last.
#[derive(Clone)]
pub struct Base {
    pub version: i64,
    pub lexicon: Rc<Lexicon>,
    pub file: Option<SharedFile>,
}

/// Forms cached per lexicon: one for the newest statements, and one for a cursor or a repeatable-read
/// transaction that still sees older rows.
const FORMS_KEPT: usize = 2;

/// Lexicons whose forms a backend caches. Opening a lexicon of a million terms again takes 4 ms.
const LEXICONS_KEPT: usize = 64;

/// Bytes of private memory of all cached forms, without those of the lexicon in use.
const BYTES_KEPT: usize = 64 << 20;

#[derive(Default)]
struct Entry {
    /// The snapshot under which the first of `forms` was found to be the right one.
    checked: Option<Identity>,
    /// The pin during which the first of `forms` is the right one, for this role.
    pinned: Option<(u64, pg_sys::Oid)>,
    /// In the order of their last use, the latest first.
    forms: Vec<Rc<CachedLexicon>>,
    base: Option<(i64, Base)>,
    used: u64,
}

impl Entry {
    fn private_bytes(&self) -> usize {
        let base = self.base.as_ref();
        let base = base.map_or(0, |(_, base)| base.lexicon.heap_bytes());
        let forms = self.forms.iter().map(|form| form.lexicon.heap_bytes());
        base + forms.sum::<usize>()
    }

    /// Drops the base and the forms from number `first` on if their file was removed.
    fn drop_removed(&mut self, first: usize) {
        let is_there = |file: &Option<SharedFile>| file.as_ref().is_none_or(SharedFile::is_there);
        let kept = self.forms.split_off(first.min(self.forms.len()));
        self.forms
            .extend(kept.into_iter().filter(|form| is_there(&form.file)));
        self.base.take_if(|(_, base)| !is_there(&base.file));
    }
}

thread_local! {
    static CACHE: Lazy<RefCell<HashMap<String, Entry>>> = Lazy::new(RefCell::default);
    static USES: Cell<u64> = const { Cell::new(0) };
    /// Whether forms of the running transaction are cached.
    static HAS_UNCOMMITTED: Cell<bool> = const { Cell::new(false) };
}

/// The form of `lexicon` that was found to be right under this snapshot or this pin.
pub fn checked(
    lexicon: &str,
    identity: Option<Identity>,
    pinned: Option<(u64, pg_sys::Oid)>,
) -> Option<Rc<CachedLexicon>> {
    CACHE.with(|cache| {
        let cache = cache.borrow();
        let entry = cache.get(lexicon)?;
        let same = identity.is_some() && entry.checked == identity
            || pinned.is_some() && entry.pinned == pinned;
        same.then(|| entry.forms.first().cloned()).flatten()
    })
}

/// The form of `lexicon` with this fingerprint. `statement` is the number of the running statement that
/// changes its terms, if there is one.
pub fn find(lexicon: &str, fingerprint: i64, statement: Option<u64>) -> Option<Rc<CachedLexicon>> {
    let fits = |form: &&Rc<CachedLexicon>| {
        let lives = match form.life {
            Life::Statement(number) => statement == Some(number),
            Life::Committed | Life::Transaction => true,
        };
        form.fingerprint == fingerprint && lives
    };
    CACHE.with(|cache| {
        let cache = cache.borrow();
        cache.get(lexicon)?.forms.iter().find(fits).cloned()
    })
}

/// Caches `form` as the right one under this snapshot and pin, and drops forms that are no longer needed.
pub fn keep(
    lexicon: &str,
    form: &Rc<CachedLexicon>,
    identity: Option<Identity>,
    pinned: Option<(u64, pg_sys::Oid)>,
) {
    let uses = USES.get() + 1;
    USES.set(uses);
    if form.life != Life::Committed {
        HAS_UNCOMMITTED.set(true);
    }
    CACHE.with(|cache| {
        let mut cache = cache.borrow_mut();
        let entry = cache.entry(lexicon.to_owned()).or_default();
        let is_cached = entry.forms.iter().any(|other| Rc::ptr_eq(other, form));
        entry.forms.retain(|other| !Rc::ptr_eq(other, form));
        entry.forms.insert(0, Rc::clone(form));
        entry.forms.truncate(FORMS_KEPT);
        (entry.checked, entry.pinned, entry.used) = (identity, pinned, uses);
        entry.drop_removed(1);
        if !is_cached {
            drop_oldest(&mut cache, lexicon);
        }
        drop_removed_of_one(&mut cache, lexicon, uses);
    });
}

/// Drops the forms of the lexicons that were used longest ago, until the rest is within the bounds.
fn drop_oldest(cache: &mut HashMap<String, Entry>, used: &str) {
    loop {
        let others = || cache.iter().filter(|(name, _)| *name != used);
        let bytes: usize = others().map(|(_, entry)| entry.private_bytes()).sum();
        if cache.len() <= LEXICONS_KEPT && bytes <= BYTES_KEPT {
            return;
        }
        let oldest = others().min_by_key(|(_, entry)| entry.used);
        match oldest.map(|(name, _)| name.clone()) {
            Some(oldest) => cache.remove(&oldest),
            None => return,
        };
    }
}

/// Drops what is cached of removed files for one of the other lexicons, a different one each time.
fn drop_removed_of_one(cache: &mut HashMap<String, Entry>, used: &str, uses: u64) {
    let number = uses as usize % cache.len().max(1);
    let Some((name, entry)) = cache.iter_mut().nth(number) else {
        return;
    };
    if name == used {
        return;
    }
    entry.drop_removed(0);
    if entry.forms.is_empty() {
        let name = name.clone();
        cache.remove(&name);
    }
}

/// The cached base of `lexicon`, if it is of this generation and version.
pub fn base(lexicon: &str, generation: i64, version: i64) -> Option<Base> {
    CACHE.with(|cache| {
        let cache = cache.borrow();
        let (base_generation, base) = cache.get(lexicon)?.base.as_ref()?;
        (*base_generation == generation && base.version == version).then(|| base.clone())
    })
}

/// Caches a base that was opened.
pub fn keep_base(lexicon: &str, generation: i64, base: Base) {
    CACHE.with(|cache| {
        let mut cache = cache.borrow_mut();
        cache.entry(lexicon.to_owned()).or_default().base = Some((generation, base));
    });
}

/// Forgets under which snapshots forms were right: terms of the lexicon have changed.
pub fn doubt(lexicon: &str) {
    CACHE.with(|cache| {
        if let Some(entry) = cache.borrow_mut().get_mut(lexicon) {
            (entry.checked, entry.pinned) = (None, None);
        }
    });
}

/// Drops all forms of a lexicon.
pub fn forget(lexicon: &str) {
    CACHE.with(|cache| cache.borrow_mut().remove(lexicon));
}

/// Drops the forms of the transaction that has ended.
pub fn forget_uncommitted() {
    if !HAS_UNCOMMITTED.replace(false) {
        return;
    }
    CACHE.with(|cache| {
        cache.borrow_mut().retain(|_, entry| {
            (entry.checked, entry.pinned) = (None, None);
            entry.forms.retain(|form| form.life == Life::Committed);
            entry.base.take_if(|(_, base)| base.file.is_none());
            !entry.forms.is_empty()
        });
    });
}
