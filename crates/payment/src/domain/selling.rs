//! Whether a partner may sell.

use ids::PartnerId;
use money::Currency;

/// What a payment needs to know of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whether it sells.
    pub is_active: bool,
    /// The currencies of its contracts; none at all where it has no contract yet.
    pub currencies: Vec<Currency>,
}

/// Why a partner may not sell in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// There is no such partner.
    Unknown,
    /// It sells no more.
    Closed,
    /// It has contracts, and none of them is in this currency.
    NotContracted,
}

/// A line of an order whose partner may not sell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstructed {
    /// The line's place in the order, from 0.
    pub place: usize,
    /// Its partner.
    pub partner_id: PartnerId,
    /// The order's currency.
    pub currency: Currency,
    /// Why not.
    pub obstacle: Obstacle,
}

/// What stands in the way; no standing means that the partner is not known. A partner without any contract yet may
/// sell: its lines wait, visibly, until they can be priced.
pub fn obstacle(standing: Option<&Standing>, currency: Currency) -> Option<Obstacle> {
    match standing {
        None => Some(Obstacle::Unknown),
        Some(known) if !known.is_active => Some(Obstacle::Closed),
        Some(known) if known.currencies.is_empty() || known.currencies.contains(&currency) => None,
        Some(_) => Some(Obstacle::NotContracted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_sell_in_won() {
        let standing = |is_active, currencies: &[Currency]| {
            Some(Standing {
                is_active,
                currencies: currencies.to_vec(),
            })
        };
        for (known, expected) in [
            (None, Some(Obstacle::Unknown)),
            (standing(true, &[]), None),
            (standing(true, &[Currency::KRW]), None),
            (standing(true, &[Currency::USD, Currency::KRW]), None),
            (standing(true, &[Currency::USD]), Some(Obstacle::NotContracted)),
            (standing(false, &[Currency::KRW]), Some(Obstacle::Closed)),
            (standing(false, &[]), Some(Obstacle::Closed)),
        ] {
            assert_eq!(obstacle(known.as_ref(), Currency::KRW), expected, "{known:?}");
        }
    }
}
