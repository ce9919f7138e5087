//! How far a relay has come in the outbox.
//!
//! Positions are given out one after the other and committed in any order. So behind the furthest event that was taken
//! there can be holes: positions of transactions that still run, or that were rolled back. A relay goes on from the
//! furthest event, looks into the holes each time, and gives a hole up when nobody can fill it any more.

/// Positions whose events were not there when the relay came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hole {
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Transactions that were given one of these positions have lower numbers than this one.
    pub(crate) seen_in: i64,
}

/// Everything at or before `taken_to` was taken, except what lies in `holes`, which are in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Frontier {
    pub(crate) taken_to: i64,
    pub(crate) holes: Vec<Hole>,
}

impl Frontier {
    /// Whether there are holes behind the last of `positions` that were not there before.
    pub(crate) fn leaves_holes(&self, positions: &[i64]) -> bool {
        let ahead = positions.iter().filter(|position| **position > self.taken_to);
        ahead
            .zip(self.taken_to.saturating_add(1)..)
            .any(|(position, next)| *position != next)
    }

    /// Takes the events at `positions`, which are in order. New holes were seen in transaction `seen_in`.
    pub(crate) fn take(&mut self, positions: &[i64], seen_in: i64) {
        for position in positions {
            if *position > self.taken_to {
                let first = self.taken_to.saturating_add(1);
                self.taken_to = *position;
                self.holes
                    .extend(hole(first, position.saturating_sub(1), seen_in));
            } else {
                self.fill(*position);
            }
        }
    }

    fn fill(&mut self, position: i64) {
        let Some(at) = self
            .holes
            .iter()
            .position(|hole| (hole.first..=hole.last).contains(&position))
        else {
            return;
        };
        let Hole { first, last, seen_in } = self.holes.remove(at);
        let left = [
            hole(first, position.saturating_sub(1), seen_in),
            hole(position.saturating_add(1), last, seen_in),
        ];
        self.holes.splice(at..at, left.into_iter().flatten());
    }

    /// Gives up the holes that nobody can fill: the caller looked into them after all transactions below `horizon`
    /// had ended.
    pub(crate) fn give_up(&mut self, horizon: i64) {
        self.holes.retain(|hole| hole.seen_in >= horizon);
    }
}

fn hole(first: i64, last: i64, seen_in: i64) -> Option<Hole> {
    (first <= last).then_some(Hole { first, last, seen_in })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holes(frontier: &Frontier) -> Vec<(i64, i64)> {
        frontier
            .holes
            .iter()
            .map(|hole| (hole.first, hole.last))
            .collect()
    }

    #[test]
    fn what_is_passed_by_is_a_hole_until_it_is_filled_or_given_up() {
        let mut frontier = Frontier::default();
        assert!(!frontier.leaves_holes(&[1, 2, 3]));
        frontier.take(&[1, 2, 3], 10);
        assert_eq!((frontier.taken_to, holes(&frontier)), (3, vec![]));
        assert!(frontier.leaves_holes(&[4, 9]));
        frontier.take(&[4, 9, 11], 11);
        assert_eq!(holes(&frontier), [(5, 8), (10, 10)]);
        assert!(!frontier.leaves_holes(&[6, 12]));
        frontier.take(&[6, 10, 12], 12);
        assert_eq!((frontier.taken_to, holes(&frontier)), (12, vec![(5, 5), (7, 8)]));
        frontier.take(&[14], 13);
        frontier.give_up(11);
        assert_eq!(holes(&frontier), [(5, 5), (7, 8), (13, 13)]);
        frontier.give_up(12);
        assert_eq!(holes(&frontier), [(13, 13)]);
    }

    proptest! {
        /// Positions become visible in some order, a few of them each time.
        #[test]
        fn each_position_is_taken_or_in_a_hole(order in Just((1_i64..40).collect::<Vec<_>>()).prop_shuffle(), step in 1_usize..9) {
            let mut frontier = Frontier::default();
            let mut taken = std::collections::BTreeSet::new();
            for shown in order.chunks(step) {
                let mut shown = shown.to_vec();
                shown.sort_unstable();
                let before = frontier.holes.len();
                let leaves = frontier.leaves_holes(&shown);
                frontier.take(&shown, 1);
                prop_assert!(leaves || frontier.holes.len() <= before + shown.len());
                taken.extend(shown);
                for position in 1..=frontier.taken_to {
                    let within = frontier.holes.iter().filter(|h| h.first <= position && position <= h.last).count();
                    prop_assert_eq!(within, usize::from(!taken.contains(&position)), "{}", position);
                }
                prop_assert_eq!(frontier.taken_to, *taken.last().unwrap());
            }
            prop_assert!(frontier.holes.is_empty());
        }
    }
}
