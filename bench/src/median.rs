//! The median of a few rounds.

/// The middle one, the mean of the two middle ones of an even number; 0 of none.
pub fn median(values: impl Iterator<Item = u64>) -> u64 {
    let mut sorted: Vec<u64> = values.collect();
    sorted.sort_unstable();
    let middle = |at: usize| sorted.get(at).copied().unwrap_or(0);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        middle(half)
    } else {
        u64::midpoint(middle(half.saturating_sub(1)), middle(half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted() {
        for (values, expected) in [(&[][..], 0), (&[7], 7), (&[9, 1, 5], 5), (&[4, 1, 2, 100], 3)] {
            assert_eq!(median(values.iter().copied()), expected, "{values:?}");
        }
    }
}
