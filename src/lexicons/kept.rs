//! The compiled forms that a backend keeps: those of the lexicons it used last, within bounds.
//!
//! A form that no statement can ask for again is let go: one of a transaction when it ends, one of a file
//! that was removed (the lexicon was dropped, or has a newer form) when other lexicons are asked for. Its
//! memory goes then, and the disk of a removed file.

use once_cell::unsync::Lazy;
use pgrx::pg_sys;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::pg::shared_file::SharedFile;
use crate::pg::snapshot::Identity;
use termstream_core::lexicon::Lexicon;

/// A lexicon ready for matching.
pub struct Compiled {
    pub lexicon: Lexicon,
    pub(super) fingerprint: i64,
    /// The file it maps, itself or its base.
    pub(super) file: Option<SharedFile>,
    pub(super) life: Life,
}

/// How long a fingerprint means these terms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// For ever: they are committed.
    Committed,
    /// Until the transaction ends, which has changed them.
    Transaction,
    /// Until the statement ends, which is changing them.
    Statement(u64),
}

/// The base of a lexicon, last opened.
#[derive(Clone)]
pub struct Base {
    pub version: i64,
    pub lexicon: Rc<Lexicon>,
    pub file: Option<SharedFile>,
}

/// Compiled forms kept per lexicon: the one of the newest statements, and one for a cursor or a
/// repeatable-read transaction that still looks at older rows.
const FORMS_KEPT: usize = 2;

/// Lexicons of which a backend keeps forms. One that it has let go costs 4 ms to open again, of a million
/// terms.
const LEXICONS_KEPT: usize = 64;

/// Private memory of all forms that a backend keeps beside the lexicon it uses.
const BYTES_KEPT: usize = 64 << 20;

#[derive(Default)]
struct Entry {
    /// Under this snapshot the first of `forms` is known to be the right one.
    checked: Option<Identity>,
    /// So it is while this pin holds, for this role.
    pinned: Option<(u64, pg_sys::Oid)>,
    /// The last used first.
    forms: Vec<Rc<Compiled>>,
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

    /// Lets go what is of a file that is no more; `first` of the forms on.
    fn let_go_removed(&mut self, first: usize) {
        let is_there = |file: &Option<SharedFile>| file.as_ref().is_none_or(SharedFile::is_there);
        let kept = self.forms.split_off(first.min(self.forms.len()));
        self.forms
            .extend(kept.into_iter().filter(|form| is_there(&form.file)));
        self.base.take_if(|(_, base)| !is_there(&base.file));
    }
}

thread_local! {
    static KEPT: Lazy<RefCell<HashMap<String, Entry>>> = Lazy::new(RefCell::default);
    static USES: Cell<u64> = const { Cell::new(0) };
    /// Whether there are forms of the running transaction.
    static PASSING: Cell<bool> = const { Cell::new(false) };
}

/// The form of `lexicon` that was right under this snapshot, or while this pin holds.
pub fn checked(
    lexicon: &str,
    identity: Option<Identity>,
    pinned: Option<(u64, pg_sys::Oid)>,
) -> Option<Rc<Compiled>> {
    KEPT.with(|kept| {
        let kept = kept.borrow();
        let entry = kept.get(lexicon)?;
        let same = identity.is_some() && entry.checked == identity
            || pinned.is_some() && entry.pinned == pinned;
        same.then(|| entry.forms.first().cloned()).flatten()
    })
}

/// The form of `lexicon` with this fingerprint. `statement` is the one that changes its terms now.
pub fn find(lexicon: &str, fingerprint: i64, statement: Option<u64>) -> Option<Rc<Compiled>> {
    let fits = |form: &&Rc<Compiled>| {
        let lives = match form.life {
            Life::Statement(number) => statement == Some(number),
            Life::Committed | Life::Transaction => true,
        };
        form.fingerprint == fingerprint && lives
    };
    KEPT.with(|kept| {
        let kept = kept.borrow();
        kept.get(lexicon)?.forms.iter().find(fits).cloned()
    })
}

/// Keeps `form` as the right one under this snapshot and pin, and lets go what is not needed.
pub fn keep(
    lexicon: &str,
    form: &Rc<Compiled>,
    identity: Option<Identity>,
    pinned: Option<(u64, pg_sys::Oid)>,
) {
    let uses = USES.get() + 1;
    USES.set(uses);
    if form.life != Life::Committed {
        PASSING.set(true);
    }
    KEPT.with(|kept| {
        let mut kept = kept.borrow_mut();
        let entry = kept.entry(lexicon.to_owned()).or_default();
        let is_known = entry.forms.iter().any(|other| Rc::ptr_eq(other, form));
        entry.forms.retain(|other| !Rc::ptr_eq(other, form));
        entry.forms.insert(0, Rc::clone(form));
        entry.forms.truncate(FORMS_KEPT);
        (entry.checked, entry.pinned, entry.used) = (identity, pinned, uses);
        entry.let_go_removed(1);
        if !is_known {
            let_go_oldest(&mut kept, lexicon);
        }
        let_go_one(&mut kept, lexicon, uses);
    });
}

fn let_go_oldest(kept: &mut HashMap<String, Entry>, used: &str) {
    loop {
        let others = || kept.iter().filter(|(name, _)| *name != used);
        let bytes: usize = others().map(|(_, entry)| entry.private_bytes()).sum();
        if kept.len() <= LEXICONS_KEPT && bytes <= BYTES_KEPT {
            return;
        }
        let oldest = others().min_by_key(|(_, entry)| entry.used);
        match oldest.map(|(name, _)| name.clone()) {
            Some(oldest) => kept.remove(&oldest),
            None => return,
        };
    }
}

/// Looks after one of the other lexicons, another one each time: whether its files are still there.
fn let_go_one(kept: &mut HashMap<String, Entry>, used: &str, uses: u64) {
    let number = uses as usize % kept.len().max(1);
    let Some((name, entry)) = kept.iter_mut().nth(number) else {
        return;
    };
    if name == used {
        return;
    }
    entry.let_go_removed(0);
    if entry.forms.is_empty() {
        let name = name.clone();
        kept.remove(&name);
    }
}

/// The base of `lexicon` that was opened last, of this generation and version.
pub fn base(lexicon: &str, generation: i64, version: i64) -> Option<Base> {
    KEPT.with(|kept| {
        let kept = kept.borrow();
        let (of, base) = kept.get(lexicon)?.base.as_ref()?;
        (*of == generation && base.version == version).then(|| base.clone())
    })
}

/// Keeps the base that was opened.
pub fn keep_base(lexicon: &str, generation: i64, base: Base) {
    KEPT.with(|kept| {
        let mut kept = kept.borrow_mut();
        kept.entry(lexicon.to_owned()).or_default().base = Some((generation, base));
    });
}

/// Forgets which forms were right: terms of the lexicon have changed.
pub fn doubt(lexicon: &str) {
    KEPT.with(|kept| {
        if let Some(entry) = kept.borrow_mut().get_mut(lexicon) {
            (entry.checked, entry.pinned) = (None, None);
        }
    });
}

/// Lets go all forms of a lexicon.
pub fn forget(lexicon: &str) {
    KEPT.with(|kept| kept.borrow_mut().remove(lexicon));
}

/// Lets go the forms of the transaction that has ended.
pub fn forget_passing() {
    if !PASSING.replace(false) {
        return;
    }
    KEPT.with(|kept| {
        kept.borrow_mut().retain(|_, entry| {
            (entry.checked, entry.pinned) = (None, None);
            entry.forms.retain(|form| form.life == Life::Committed);
            entry.base.take_if(|(_, base)| base.file.is_none());
            !entry.forms.is_empty()
        });
    });
}
