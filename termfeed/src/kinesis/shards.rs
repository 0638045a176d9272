//! Which shards may be read now. A shard that was split or merged away is read to its end before those
//! that came of it, so that the records of a key stay in their order.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    pub id: String,
    /// The shard that was split, or the two that were merged, if any. They may be gone already.
    pub parents: Vec<String>,
    /// Whether it was split or merged itself: nothing is added to it any more.
    pub ended: bool,
}

/// How far a shard was read, as it stands in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The number of records committed; `None` if nothing was committed yet.
    pub records: Option<i64>,
    /// The sequence number of the last committed record.
    pub after: Option<String>,
    /// Whether it was read to its end.
    pub closed: bool,
}

/// Returns the shards to read now: not read to their end, and each parent read to its end or gone.
pub fn readable(shards: &[Shard], positions: &BTreeMap<String, Position>) -> BTreeSet<String> {
    let closed = |id: &str| positions.get(id).is_some_and(|position| position.closed);
    let there: BTreeSet<&str> = shards.iter().map(|shard| shard.id.as_str()).collect();
    let open = shards.iter().filter(|shard| {
        let waits = shard
            .parents
            .iter()
            .any(|parent| there.contains(parent.as_str()) && !closed(parent));
        !closed(&shard.id) && !waits
    });
    open.map(|shard| shard.id.clone()).collect()
}

/// How many shards an instance takes, so that all are read and no instance has two more than another.
pub fn share(shards: usize, instances: usize) -> usize {
    shards.div_ceil(instances.max(1))
}

/// The shards that an instance gives back: those that are not open any more, and all behind the first
/// `most` open ones.
pub fn surplus<'a>(
    mine: impl Iterator<Item = &'a String>,
    open: &BTreeSet<String>,
    most: usize,
) -> Vec<String> {
    let mut kept = 0;
    let mut back = Vec::new();
    for shard in mine {
        if kept < most && open.contains(shard) {
            kept += 1;
        } else {
            back.push(shard.clone());
        }
    }
    back
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(id: &str, parents: &[&str]) -> Shard {
        Shard {
            id: id.into(),
            parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
            ended: false,
        }
    }

    fn open(shards: &[Shard], closed: &[&str]) -> String {
        let positions = closed.iter().map(|id| {
            let position = Position {
                closed: true,
                ..Position::default()
            };
            ((*id).to_owned(), position)
        });
        let found: Vec<String> = readable(shards, &positions.collect()).into_iter().collect();
        found.join(" ")
    }

    #[test]
    fn parents_are_read_to_their_end_before_their_children() {
        // 0 is split into 2 and 3; 1 and 3 are merged into 4.
        let shards = [
            shard("0", &[]),
            shard("1", &[]),
            shard("2", &["0"]),
            shard("3", &["0"]),
            shard("4", &["1", "3"]),
        ];
        for (closed, expected) in [
            (vec![], "0 1"),
            (vec!["0"], "1 2 3"),
            (vec!["0", "1"], "2 3"),
            (vec!["0", "3"], "1 2"),
            (vec!["0", "1", "3"], "2 4"),
            (vec!["0", "1", "2", "3"], "4"),
        ] {
            assert_eq!(open(&shards, &closed), expected, "closed: {closed:?}");
        }
        assert_eq!(
            open(&shards[2..4], &[]),
            "2 3",
            "parents that are gone are waited for by nobody"
        );
    }

    #[test]
    fn the_shares_of_all_instances_hold_all_shards() {
        for shards in 0..40 {
            for instances in 1..10 {
                assert!(share(shards, instances) * instances >= shards);
                assert!(share(shards, instances) * instances < shards + instances);
            }
        }
    }
}
