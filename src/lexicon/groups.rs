//! Groups: terms of the same letters, which are searched as one.

use super::compiled::GroupRow;
use super::hash;

/// Terms of the same letters.
pub(crate) struct Groups {
    pub rows: Vec<GroupRow>,
    pub letters: Vec<u8>,
    pub members: Vec<u32>,
    /// Terms given more than once, and how often.
    pub repeated: Vec<[u32; 2]>,
}

impl Groups {
    /// Puts terms of the same letters into one group, groups in the order of their first term.
    ///
    /// `letters` gives the folded letters of each of `count` terms, `key` all that tells a term from
    /// others of its group: id, text, edits, guard. A term with the key of another is the same term.
    pub fn of<'t>(
        count: usize,
        letters: impl Fn(usize) -> &'t [u8],
        key: impl Fn(u32) -> (i64, &'t str, u8, u8),
    ) -> Groups {
        let mut slots = vec![0u32; (count * 2).next_power_of_two()];
        let mut firsts: Vec<u32> = Vec::new();
        let mut group_of = Vec::with_capacity(count);
        let mut sizes: Vec<u32> = Vec::new();
        for term in 0..count {
            let own = letters(term);
            let mut at = hash::slot(hash::of_bytes(own), slots.len());
            let group = loop {
                match slots[at] {
                    0 => {
                        firsts.push(term as u32);
                        sizes.push(0);
                        slots[at] = firsts.len() as u32;
                        break firsts.len() - 1;
                    }
                    group if letters(firsts[group as usize - 1] as usize) == own => {
                        break group as usize - 1;
                    }
                    _ => at = if at + 1 == slots.len() { 0 } else { at + 1 },
                }
            };
            group_of.push(group as u32);
            sizes[group] += 1;
        }
        drop(slots);
        let mut starts = Vec::with_capacity(sizes.len() + 1);
        let mut sum = 0;
        for size in &sizes {
            starts.push(sum);
            sum += size;
        }
        let mut all = vec![0u32; count];
        let mut next = starts.clone();
        for (term, &group) in group_of.iter().enumerate() {
            all[next[group as usize] as usize] = term as u32;
            next[group as usize] += 1;
        }
        let mut groups = Groups {
            rows: Vec::with_capacity(firsts.len()),
            letters: Vec::new(),
            members: Vec::new(),
            repeated: Vec::new(),
        };
        let mut kept: Vec<[u32; 2]> = Vec::new();
        for (group, &first) in firsts.iter().enumerate() {
            let members = &mut all[starts[group] as usize..next[group] as usize];
            let own = letters(first as usize);
            groups.rows.push(GroupRow {
                letters: groups.letters.len() as u32,
                terms: groups.members.len() as u32,
                length: length_of(own) as u16,
                edits: members.iter().map(|&term| key(term).2).max().unwrap_or(0),
                unused: 0,
            });
            groups.letters.extend_from_slice(own);
            // The same term given twice is one.
            members.sort_by(|&a, &b| key(a).cmp(&key(b)));
            kept.clear();
            for &mut term in members {
                match kept.last_mut() {
                    Some([first, copies]) if key(*first) == key(term) => *copies += 1,
                    _ => kept.push([term, 1]),
                }
            }
            kept.sort_unstable();
            groups.members.extend(kept.iter().map(|[term, _]| term));
            groups
                .repeated
                .extend(kept.iter().filter(|[_, copies]| *copies > 1));
        }
        groups.repeated.sort_unstable();
        groups
    }

    pub fn letters(&self, group: usize) -> &[u8] {
        let end = self
            .rows
            .get(group + 1)
            .map_or(self.letters.len(), |next| next.letters as usize);
        &self.letters[self.rows[group].letters as usize..end]
    }

    pub fn codes(&self, group: usize, codes: &mut Vec<u32>) {
        let letters = self.letters(group);
        codes.clear();
        match std::str::from_utf8(letters) {
            Ok(text) if !text.is_ascii() => codes.extend(text.chars().map(u32::from)),
            _ => codes.extend(letters.iter().map(|&letter| u32::from(letter))),
        }
    }

    pub fn members(&self, group: usize) -> &[u32] {
        let end = self
            .rows
            .get(group + 1)
            .map_or(self.members.len(), |next| next.terms as usize);
        &self.members[self.rows[group].terms as usize..end]
    }
}

/// Letters counted as characters.
pub(crate) fn length_of(letters: &[u8]) -> usize {
    letters.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}
