//! Terms of the same letters, found together or not at all: the unit of every index.

use super::builder::Builder;
use crate::bounds::{Grow, Interrupts, OutOfMemory, collected, extend, filled};
use crate::lexicon::form::{GroupRow, TermRow};
use crate::lexicon::tables::hash;
use crate::lexicon::tables::wide::is_wide;

/// The groups in the making.
#[derive(Default)]
pub(super) struct Grouped {
    pub rows: Vec<GroupRow>,
    pub letters: Vec<u8>,
    pub members: Vec<u32>,
    /// Terms given more than once, and how often.
    pub repeated: Vec<[u32; 2]>,
}

impl Grouped {
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

    /// The groups whose terms may be misspelled, in the order of their length.
    pub fn misspelled(&self, interrupts: &Interrupts) -> Result<Vec<u32>, OutOfMemory> {
        let mut groups: Vec<u32> = Vec::new();
        groups.try_grow_exact(self.rows.len())?;
        let numbered = (0..).zip(&self.rows);
        groups.extend(numbered.filter_map(|(group, row)| (row.edits > 0).then_some(group)));
        let length = |group: u32| self.rows[group as usize].length;
        if !groups.is_sorted_by_key(|&group| length(group)) {
            groups.sort_unstable_by(|&a, &b| {
                interrupts.step();
                (length(a), a).cmp(&(length(b), b))
            });
        }
        Ok(groups)
    }

    /// The groups with a term that only the index of `tables::wide` finds without a miss, and their edits.
    pub fn wide<'a>(
        &'a self,
        terms: &'a [TermRow],
    ) -> impl Iterator<Item = (u32, u8)> + Clone + 'a {
        (0..).zip(&self.rows).filter_map(|(group, row)| {
            let wide = |&term: &u32| {
                let term = &terms[term as usize];
                term.own_edits != 0 && is_wide(row.length.into(), term.edits)
            };
            let members = self.members(group as usize);
            members.iter().any(wide).then_some((group, row.edits))
        })
    }
}

impl Builder {
    /// Puts terms of the same letters into one group.
    pub(super) fn group(&self) -> Result<Grouped, OutOfMemory> {
        let interrupts = &self.interrupts;
        let Sorted {
            mut terms,
            starts,
            firsts,
        } = self.sorted()?;
        let mut groups = Grouped::default();
        groups.rows.try_grow_exact(firsts.len())?;
        groups.members.try_grow_exact(terms.len())?;
        let mut kept: Vec<[u32; 2]> = Vec::new();
        for (group, &first) in firsts.iter().enumerate() {
            interrupts.step();
            let end = starts.get(group + 1).copied();
            let end = end.map_or(terms.len(), |end| end as usize);
            let members = &mut terms[starts[group] as usize..end];
            let letters = self.letters_of(first as usize);
            let edits = members.iter().map(|&term| self.terms[term as usize].edits);
            groups.rows.push(GroupRow {
                letters: groups.letters.len() as u32,
                terms: groups.members.len() as u32,
                length: length_of(letters) as u16,
                edits: edits.max().unwrap_or(0),
                unused: 0,
            });
            extend(&mut groups.letters, letters)?;
            self.keep_once(members, &mut kept)?;
            groups.members.extend(kept.iter().map(|[term, _]| term));
            for row in kept.iter().filter(|[_, copies]| *copies > 1) {
                groups.repeated.try_push(*row)?;
            }
        }
        interrupts.sort(&mut groups.repeated);
        Ok(groups)
    }

    /// Fills `kept` with the terms of a group, each once and with how often it was given, in the order of
    /// their numbers.
    fn keep_once(&self, members: &mut [u32], kept: &mut Vec<[u32; 2]>) -> Result<(), OutOfMemory> {
        let key = |term: u32| {
            let row = &self.terms[term as usize];
            let text = self.text_of(term as usize);
            let edits = (row.edits, row.own_edits);
            (self.ids[term as usize], text, edits, row.guarded)
        };
        members.sort_unstable_by(|&a, &b| {
            self.interrupts.step();
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
        self.interrupts.sort(kept);
        Ok(())
    }

    /// Sorts the terms by their groups, and the groups as [`Builder::order`] says.
    fn sorted(&self) -> Result<Sorted, OutOfMemory> {
        let interrupts = &self.interrupts;
        let Met {
            mut group_of,
            firsts,
            sizes,
        } = self.met()?;
        let order = self.order(&firsts)?;
        let mut numbers = filled(0, order.len(), interrupts)?;
        for (number, &group) in (0..).zip(&order) {
            numbers[group as usize] = number;
        }
        for group in &mut group_of {
            *group = numbers[*group as usize];
        }
        drop(numbers);
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
        let mut terms = filled(0u32, group_of.len(), interrupts)?;
        let mut next = collected(starts.iter().copied(), interrupts)?;
        for (term, &group) in (0..).zip(&group_of) {
            terms[next[group as usize] as usize] = term;
            next[group as usize] += 1;
        }
        Ok(Sorted {
            terms,
            starts,
            firsts,
        })
    }

    /// Gives each term the number of its group, in the order in which the groups are met.
    fn met(&self) -> Result<Met, OutOfMemory> {
        let count = self.terms.len();
        let mut slots = filled(0u32, (count * 2).next_power_of_two(), &self.interrupts)?;
        let mut met = Met::default();
        met.group_of.try_grow_exact(count)?;
        for term in 0..count {
            self.interrupts.step();
            let letters = self.letters_of(term);
            let mut at = hash::slot(hash::of_bytes(letters), slots.len());
            let group = loop {
                match slots[at] {
                    0 => {
                        met.firsts.try_push(term as u32)?;
                        met.sizes.try_push(0)?;
                        slots[at] = met.firsts.len() as u32;
                        break met.firsts.len() - 1;
                    }
                    group
                        if self.letters_of(met.firsts[group as usize - 1] as usize) == letters =>
                    {
                        break group as usize - 1;
                    }
                    _ => at = if at + 1 == slots.len() { 0 } else { at + 1 },
                }
            };
            met.group_of.push(group as u32);
            met.sizes[group] += 1;
        }
        Ok(met)
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

/// The groups in the order in which they were met.
#[derive(Default)]
struct Met {
    /// For each term, its group.
    group_of: Vec<u32>,
    /// For each group, its first term and how many terms it has.
    firsts: Vec<u32>,
    sizes: Vec<u32>,
}

/// The terms group by group.
struct Sorted {
    terms: Vec<u32>,
    /// For each group, where its terms start, and its first term.
    starts: Vec<u32>,
    firsts: Vec<u32>,
}

/// Letters of UTF-8, counted as characters.
pub(crate) fn length_of(letters: &[u8]) -> usize {
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
