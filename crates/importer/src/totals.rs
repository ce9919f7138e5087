//! What orders add up to, and where what was paid differs from what was owed.

use serde::Serialize;

use crate::Order;

/// An order that was paid something else than its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The order.
    pub order_reference: String,
    /// Paid less owed, in minor units; never 0.
    pub difference_minor: i128,
}

/// Sums of orders, in minor units of the import's currency, and their breaks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// How many orders.
    pub orders: u64,
    /// How many lines they have.
    pub lines: u64,
    /// Price and freight of all lines.
    pub lines_minor: i128,
    /// How many tenders they were paid with.
    pub payments: u64,
    /// The sum of those.
    pub payments_minor: i128,
    /// Orders paid more than they owe.
    pub breaks_over: u64,
    /// By how much, together.
    pub over_minor: i128,
    /// Orders paid less than they owe.
    pub breaks_short: u64,
    /// By how much, together; positive.
    pub short_minor: i128,
    /// Over less short: payments less lines.
    pub net_minor: i128,
    /// The single breaks, by order reference.
    pub breaks: Vec<Break>,
}

impl Totals {
    /// The totals of some orders.
    pub fn of<'a>(orders: impl IntoIterator<Item = &'a Order>) -> Self {
        let mut totals = Self::default();
        for order in orders {
            totals.add(order);
        }
        totals
    }

    /// Adds one order.
    pub fn add(&mut self, order: &Order) {
        self.orders += 1;
        self.lines += count(order.lines.len());
        self.lines_minor += order.owed_minor();
        self.payments += count(order.tenders.len());
        self.payments_minor += order.paid_minor();
        let difference = order.difference_minor();
        self.net_minor += difference;
        match difference.signum() {
            1 => {
                self.breaks_over += 1;
                self.over_minor += difference;
            }
            -1 => {
                self.breaks_short += 1;
                self.short_minor -= difference;
            }
            _ => return,
        }
        // Batches are answered in any order: sorted, so that the same orders have the same totals.
        let place = self
            .breaks
            .partition_point(|known| known.order_reference < order.reference);
        let found = Break {
            order_reference: order.reference.clone(),
            difference_minor: difference,
        };
        self.breaks.insert(place, found);
    }
}

/// A length as a count; every platform's lengths fit 64 bits.
pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use contracts::events::TenderKind;
    use proptest::prelude::*;

    use super::Totals;
    use crate::{Line, Order, Tender};

    fn order(owed: &[i64], paid: &[i64]) -> Order {
        Order {
            reference: "o".to_owned(),
            sold_at: DateTime::UNIX_EPOCH,
            lines: owed
                .iter()
                .map(|price| Line {
                    number: 1,
                    seller: "s".into(),
                    category: "c".into(),
                    price_minor: *price,
                    freight_minor: 0,
                })
                .collect(),
            tenders: paid
                .iter()
                .map(|amount| Tender {
                    sequence: 1,
                    kind: TenderKind::Card,
                    amount_minor: *amount,
                })
                .collect(),
        }
    }

    #[test]
    fn over_and_short_are_counted_apart_and_only_net_is_netted() {
        let totals = Totals::of(&[
            order(&[100, 50], &[150]),
            order(&[100], &[60, 50]),
            order(&[100], &[93]),
            order(&[i64::MAX, i64::MAX], &[i64::MAX, i64::MAX]),
        ]);
        assert_eq!((totals.orders, totals.lines, totals.payments), (4, 6, 6));
        assert_eq!((totals.breaks_over, totals.over_minor), (1, 10));
        assert_eq!((totals.breaks_short, totals.short_minor), (1, 7));
        assert_eq!(totals.net_minor, 3);
        let differences: Vec<i128> = totals.breaks.iter().map(|b| b.difference_minor).collect();
        assert_eq!(differences.len(), 2);
        assert!(differences.contains(&10) && differences.contains(&-7));
    }

    #[test]
    fn the_same_orders_have_the_same_totals_in_whatever_order_they_come() {
        let mut orders = [order(&[5], &[6]), order(&[5], &[4]), order(&[5], &[5])];
        for (order, reference) in orders.iter_mut().zip(["c", "a", "b"]) {
            order.reference = reference.to_owned();
        }
        let forwards = Totals::of(&orders);
        orders.reverse();
        assert_eq!(Totals::of(&orders), forwards);
    }

    proptest! {
        #[test]
        fn net_is_over_less_short_and_payments_less_lines(
            orders in prop::collection::vec((prop::collection::vec(0..i64::MAX, 1..4), prop::collection::vec(0..i64::MAX, 1..4)), 0..20)
        ) {
            let orders: Vec<Order> = orders.iter().map(|(owed, paid)| order(owed, paid)).collect();
            let totals = Totals::of(&orders);
            prop_assert_eq!(totals.net_minor, totals.over_minor - totals.short_minor);
            prop_assert_eq!(totals.net_minor, totals.payments_minor - totals.lines_minor);
            prop_assert_eq!(super::count(totals.breaks.len()), totals.breaks_over + totals.breaks_short);
        }
    }
}
