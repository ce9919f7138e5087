//! The table of postings: disputes.

use chrono::DateTime;
use contracts::events::{DisputeChanged, DisputeState, DisputedFunds, DisputedLine, Side, TenderKind};
use ids::{DisputeId, PaymentId, TenderId};
use money::{Currency, Money};
use proptest::prelude::*;

use DisputeState::{Lost, NeedsResponse, UnderReview, Warning, WarningClosed, Won};
use DisputedFunds::{Returned, Unmoved, Withdrawn};
use Side::{Credit, Debit};
use TenderKind::{BankTransfer, Card, Cash, Points, Voucher};

use crate::Error;

use super::Booked;
use super::tests::{Expected, check, kind, lines, partner};

/// A dispute about so much, and how much of it of lines of whom.
fn dispute(
    kind: TenderKind,
    (state, funds): (DisputeState, DisputedFunds),
    amount: i64,
    parts: &[(u128, i64)],
) -> DisputeChanged {
    let lines = parts
        .iter()
        .zip(1..)
        .map(|((by, disputed), line_number)| DisputedLine {
            line_number,
            partner_id: partner(*by),
            disputed_minor: *disputed,
        });
    DisputeChanged {
        dispute_id: DisputeId::generate(),
        version: 3,
        payment_id: PaymentId::generate(),
        order_reference: "order".into(),
        sold_at: DateTime::UNIX_EPOCH,
        tender_id: TenderId::generate(),
        tender_kind: kind,
        amount: Money::new(amount, Currency::KRW),
        reason: "fraudulent".into(),
        state,
        funds,
        lines: lines.collect(),
        changed_at: DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
    }
}

/// It has exactly these lines, puts so much into suspense, and resolves a break or does not.
#[track_caller]
fn check_dispute(event: &DisputeChanged, expected: &[Expected], beyond: i64, resolves: bool) {
    check(event, expected, -beyond);
    let posting = event.posting().unwrap();
    let of_dispute = posting.as_ref().and_then(|p| p.difference?.of_dispute);
    let returned = posting.as_ref().and_then(|p| p.returned);
    assert_eq!(of_dispute.is_some(), beyond != 0);
    assert_eq!(returned.is_some(), resolves);
    for change in of_dispute.into_iter().chain(returned) {
        assert_eq!((change.dispute_id, change.version), (event.dispute_id, 3));
    }
    assert_eq!(posting.and_then(|p| p.repayment), None);
}

#[test]
fn what_is_withdrawn_comes_from_the_partners_and_what_is_returned_goes_to_them_again() {
    let parts = [(2, 3_000), (1, 4_000), (2, 500)];
    check_dispute(
        &dispute(Card, (NeedsResponse, Withdrawn), 7_500, &parts),
        &[
            (Debit, "partner_payable_unsettled", 1, 4_000),
            (Debit, "partner_payable_unsettled", 2, 3_500),
            (Credit, "disputed_funds", 0, 7_500),
        ],
        0,
        false,
    );
    check_dispute(
        &dispute(Card, (Won, Returned), 7_500, &parts),
        &[
            (Debit, "disputed_funds", 0, 7_500),
            (Credit, "partner_payable_unsettled", 1, 4_000),
            (Credit, "partner_payable_unsettled", 2, 3_500),
        ],
        0,
        false,
    );
}

#[test]
fn what_is_lost_is_no_receivable_any_more() {
    for (kind, account) in [
        (Card, "receivable_card"),
        (BankTransfer, "receivable_bank"),
        (Cash, "cash"),
    ] {
        check_dispute(
            &dispute(kind, (Lost, Unmoved), 4_000, &[(1, 4_000)]),
            &[(Debit, "disputed_funds", 0, 4_000), (Credit, account, 0, 4_000)],
            0,
            false,
        );
    }
    for (kind, account) in [(Voucher, "voucher_liability"), (Points, "points_liability")] {
        check_dispute(
            &dispute(kind, (Lost, Unmoved), 4_000, &[(1, 4_000)]),
            &[(Debit, "disputed_funds", 0, 4_000), (Credit, account, 0, 4_000)],
            0,
            false,
        );
    }
}

#[test]
fn what_is_only_heard_of_when_it_is_lost_is_booked_at_once() {
    check_dispute(
        &dispute(Card, (Lost, Withdrawn), 4_000, &[(1, 3_000)]),
        &[
            (Debit, "suspense_short", 0, 1_000),
            (Debit, "partner_payable_unsettled", 1, 3_000),
            (Credit, "receivable_card", 0, 4_000),
        ],
        1_000,
        false,
    );
}

#[test]
fn what_is_disputed_beyond_the_lines_lies_in_suspense_until_it_comes_back() {
    check_dispute(
        &dispute(Card, (NeedsResponse, Withdrawn), 10_000, &[(1, 9_300)]),
        &[
            (Debit, "suspense_short", 0, 700),
            (Debit, "partner_payable_unsettled", 1, 9_300),
            (Credit, "disputed_funds", 0, 10_000),
        ],
        700,
        false,
    );
    check_dispute(
        &dispute(Card, (Won, Returned), 10_000, &[(1, 9_300)]),
        &[
            (Debit, "disputed_funds", 0, 10_000),
            (Credit, "suspense_short", 0, 700),
            (Credit, "partner_payable_unsettled", 1, 9_300),
        ],
        0,
        true,
    );
    // Lost, it stays there: somebody has to bear it.
    check_dispute(
        &dispute(Card, (Lost, Unmoved), 10_000, &[(1, 9_300)]),
        &[
            (Debit, "disputed_funds", 0, 10_000),
            (Credit, "receivable_card", 0, 10_000),
        ],
        0,
        false,
    );
}

#[test]
fn a_dispute_of_no_line_takes_nothing_from_partners() {
    check_dispute(
        &dispute(Card, (NeedsResponse, Withdrawn), 4_000, &[]),
        &[
            (Debit, "suspense_short", 0, 4_000),
            (Credit, "disputed_funds", 0, 4_000),
        ],
        4_000,
        false,
    );
    check_dispute(
        &dispute(Card, (Won, Returned), 4_000, &[]),
        &[
            (Debit, "disputed_funds", 0, 4_000),
            (Credit, "suspense_short", 0, 4_000),
        ],
        0,
        true,
    );
}

#[test]
fn what_moves_no_money_has_no_entry() {
    for state in [Warning, WarningClosed, NeedsResponse, UnderReview, Won] {
        check_dispute(
            &dispute(Card, (state, Unmoved), 4_000, &[(1, 3_000)]),
            &[],
            0,
            false,
        );
    }
}

#[test]
fn a_dispute_that_can_t_be_right_is_refused() {
    for parts in [&[(1, 4_001)][..], &[(1, 4_000), (2, 0)], &[(1, -1)]] {
        let odd = dispute(Card, (NeedsResponse, Withdrawn), 4_000, parts);
        assert!(matches!(odd.posting(), Err(Error::DisputeDoesNotAddUp { .. })));
    }
    let odd = dispute(Card, (Lost, Returned), 4_000, &[(1, 4_000)]);
    assert!(matches!(odd.posting(), Err(Error::LostAndReturned(_))));
}

#[test]
fn a_dispute_belongs_to_the_day_of_its_change() {
    let event = dispute(Card, (NeedsResponse, Withdrawn), 4_000, &[(1, 4_000)]);
    assert_eq!(event.happened_at(DateTime::UNIX_EPOCH), event.changed_at);
}

proptest! {
    #[test]
    fn what_is_won_leaves_nothing_and_what_is_lost_neither_way(
        kind in kind(),
        parts in prop::collection::vec((1_u128..4, 1_i64..1_000_000_000), 0..5),
        beyond in 0_i64..1_000,
    ) {
        let amount = parts.iter().map(|(_, disputed)| disputed).sum::<i64>() + beyond;
        let total = |courses: &[(DisputeState, DisputedFunds)]| {
            let mut totals = std::collections::BTreeMap::new();
            for course in courses {
                let posting = dispute(kind, *course, amount, &parts).posting().unwrap();
                for (side, account, partner, minor) in posting.iter().flat_map(lines) {
                    *totals.entry((account, partner)).or_default() += if side == Debit { minor } else { -minor };
                }
            }
            totals.retain(|_, total: &mut i64| *total != 0);
            totals
        };
        prop_assert!(total(&[(NeedsResponse, Withdrawn), (Won, Returned)]).is_empty());
        // Told step by step or all at once, a loss is the same.
        prop_assert_eq!(
            total(&[(NeedsResponse, Withdrawn), (UnderReview, Unmoved), (Lost, Unmoved)]),
            total(&[(Lost, Withdrawn)])
        );
    }
}
