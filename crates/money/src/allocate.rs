//! Exact division: an amount spread over lines.

use std::cmp::Reverse;

use crate::{Money, MoneyError};

struct Share {
    line: usize,
    units: u128,
    remainder: u128,
}

/// Spreads `total` over lines in proportion to `weights`, by the largest remainder, ties to the earlier line.
///
/// Returns one part per weight, in their order; the parts add up to `total` exactly, and those of a negative
/// total mirror those of the positive one. A line of weight zero gets nothing. No weights, or all of them
/// zero, is [`MoneyError::NoWeights`], for a total of zero as well.
pub fn allocate(total: Money, weights: &[u64]) -> Result<Vec<Money>, MoneyError> {
    let whole: u128 = weights.iter().copied().map(u128::from).sum();
    if whole == 0 {
        return Err(MoneyError::NoWeights);
    }
    let magnitude = u128::from(total.amount_minor().unsigned_abs());
    let mut shares: Vec<Share> = weights
        .iter()
        .enumerate()
        .map(|(line, weight)| {
            // At most 2^63 x 2^64: fits 128 bits.
            let product = magnitude * u128::from(*weight);
            Share {
                line,
                units: product / whole,
                remainder: product % whole,
            }
        })
        .collect();

    // Each line was cut by less than one unit, so fewer units are left than lines were cut.
    let mut left = magnitude - shares.iter().map(|share| share.units).sum::<u128>();
    shares.sort_unstable_by_key(|share| (Reverse(share.remainder), share.line));
    for share in &mut shares {
        if left == 0 {
            break;
        }
        share.units += 1;
        left -= 1;
    }
    shares.sort_unstable_by_key(|share| share.line);

    let sign = i128::from(total.amount_minor().signum());
    shares
        .into_iter()
        .map(|share| Money::from_wide(sign * share.units.cast_signed(), total.currency()))
        .collect()
}
