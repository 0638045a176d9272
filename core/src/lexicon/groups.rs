//! Terms of the same letters, found together or not at all: the unit of every index.

use super::builder::Builder;
use super::compiled::{GroupRow, TermRow};
use super::hash;
use super::wide::is_wide;
use crate::bounds::{Grow, OutOfMemory, collected, extend, filled};

/// Terms of the same letters.
pub(super) struct Groups {
    pub rows: Vec<GroupRow>,
    pub letters: Vec<u8>,
    pub members: Vec<u32>,
    /// Terms given more than once, and how often.
    pub repeated: Vec<[u32; 2]>,
}

impl Groups {
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

    /// The groups with a term that only the index of [`wide`] is lossless for, and their edits.
    pub fn wide<'a>(
        &'a self,
        terms: &'a [TermRow],
    ) -> impl Iterator<Item = (u32, u8)> + Clone + 'a {
        (0..).zip(&self.rows).filter_map(|(group, row)| {
            let wide = |&term: &u32| {
                let term = &terms[term as usize];
                term.own != 0 && is_wide(row.length.into(), term.edits)
            };
            let members = self.members(group as usize);
            members.iter().any(wide).then_some((group, row.edits))
        })
    }
}

impl Builder {
    /// Puts terms of the same letters into one group.
    pub(super) fn group(&self) -> Result<Groups, OutOfMemory> {
        let interrupts = &self.interrupts;
        let count = self.terms.len();
        let mut slots = filled(0u32, (count * 2).next_power_of_two(), interrupts)?;
        let mut firsts: Vec<u32> = Vec::new();
        let mut group_of: Vec<u32> = Vec::new();
        group_of.try_grow_exact(count)?;
        let mut sizes: Vec<u32> = Vec::new();
        for term in 0..count {
            interrupts.step();
            let letters = self.letters_of(term);
            let mut at = hash::slot(hash::of_bytes(letters), slots.len());
            let group = loop {
                match slots[at] {
                    0 => {
                        firsts.try_push(term as u32)?;
                        sizes.try_push(0)?;
                        slots[at] = firsts.len() as u32;
                        break firsts.len() - 1;
                    }
                    group if self.letters_of(firsts[group as usize - 1] as usize) == letters => {
                        break group as usize - 1;
                    }
                    _ => at = if at + 1 == slots.len() { 0 } else { at + 1 },
                }
            };
            group_of.push(group as u32);
            sizes[group] += 1;
        }
        drop(slots);
        let order = self.order(&firsts)?;
        let mut places = filled(0, order.len(), interrupts)?;
        for (place, &group) in (0..).zip(&order) {
            places[group as usize] = place;
        }
        for group in &mut group_of {
            *group = places[*group as usize];
        }
        drop(places);
        let ordered =
            |of: &[u32]| collected(order.iter().map(|&group| of[group as usize]), interrupts);
        let (firsts, sizes) = (ordered(&firsts)?, ordered(&sizes)?);
        drop(order);
        let mut starts: Vec<u32> = Vec::new();
        starts.try_grow_exact(sizes.len())?;
        let mut sum = 0;
        for size in &sizes {
            starts.push(sum);
            sum += size;
        }
        let mut all = filled(0u32, count, interrupts)?;
        let mut next = collected(starts.iter().copied(), interrupts)?;
        for (term, &group) in group_of.iter().enumerate() {
            all[next[group as usize] as usize] = term as u32;
            next[group as usize] += 1;
        }
        let mut groups = Groups {
            rows: Vec::new(),
            letters: Vec::new(),
            members: Vec::new(),
            repeated: Vec::new(),
        };
        groups.rows.try_grow_exact(firsts.len())?;
        groups.members.try_grow_exact(count)?;
        let mut kept: Vec<[u32; 2]> = Vec::new();
        for (group, &first) in firsts.iter().enumerate() {
            interrupts.step();
            let members = &mut all[starts[group] as usize..next[group] as usize];
            let letters = self.letters_of(first as usize);
            groups.rows.push(GroupRow {
                letters: groups.letters.len() as u32,
                terms: groups.members.len() as u32,
                length: length_of(letters) as u16,
                edits: members
                    .iter()
                    .map(|&term| self.terms[term as usize].edits)
                    .max()
                    .unwrap_or(0),
                unused: 0,
            });
            extend(&mut groups.letters, letters)?;
            // The same term given twice is one.
            let key = |term: u32| {
                let row = &self.terms[term as usize];
                (
                    self.ids[term as usize],
                    self.text_of(term as usize),
                    (row.edits, row.own),
                    row.guarded,
                )
            };
            members.sort_unstable_by(|&a, &b| {
                interrupts.step();
                key(a).cmp(&key(b)).then(a.cmp(&b))
            });
            kept.clear();
            kept.try_grow(members.len())?;
            for &mut term in members {
                match kept.last_mut() {
                    Some([first, copies]) if key(*first) == key(term) => *copies += 1,
                    _ => kept.push([term, 1]),
                }
            }
            interrupts.sort(&mut kept);
            groups.members.extend(kept.iter().map(|[term, _]| term));
            for row in kept.iter().filter(|[_, copies]| *copies > 1) {
                groups.repeated.try_push(*row)?;
            }
        }
        interrupts.sort(&mut groups.repeated);
        Ok(groups)
    }

    /// Groups, each known by its first term, in the order of their length and first letters: what a question
    /// names is of about one length and often begins alike, and its rows then lie together. In the order
    /// of the terms, 1,000,000 names, a row that is met for the first time takes 4 to 8% longer.
    fn order(&self, firsts: &[u32]) -> Result<Vec<u32>, OutOfMemory> {
        let key = |&first: &u32| {
            let letters = self.letters_of(first as usize);
            let mut eight = [0; 8];
            eight
                .iter_mut()
                .zip(letters)
                .for_each(|(to, from)| *to = *from);
            (letters.len(), u64::from_be_bytes(eight))
        };
        let keys = firsts.iter().map(key).zip(0..firsts.len() as u32);
        let mut order: Vec<((usize, u64), u32)> = collected(keys, &self.interrupts)?;
        self.interrupts.sort(&mut order);
        collected(order.iter().map(|&(_, group)| group), &self.interrupts)
    }
}

/// Letters of UTF-8, counted as characters.
pub(super) fn length_of(letters: &[u8]) -> usize {
    letters.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::Builder;
    use crate::lexicon::{Settings, TermOptions};

    #[test]
    fn groups_of_a_length_that_begin_alike_stand_together() {
        let mut builder = Builder::new(Settings::default());
        for (id, term) in (1..).zip(["pepsi max", "pepsi", "wasa", "Pep-si", "fanta", "pepper"]) {
            builder.add(id, term, TermOptions::default()).unwrap();
        }
        let groups = builder.group().unwrap();
        let letters = |group| std::str::from_utf8(groups.letters(group)).unwrap();
        let all: Vec<&str> = (0..groups.rows.len()).map(letters).collect();
        assert_eq!(all, ["wasa", "fanta", "pepsi", "pepper", "pepsimax"]);
        assert_eq!(groups.members(2), [1, 3]);
    }
}
