//! The table of postings: a fact in, lines out.

use chrono::{DateTime, NaiveDate};
use contracts::contract_terms::Bearer;
use contracts::events::{
    Discount, Origin, PaidLine, PaidTender, PaymentCompleted, PaymentRefunded, PricedLine, RefundOutcome,
    RefundedLine, RefundedTender, SettlementCompleted, SettlementLinesPriced, Side, TenderKind,
};
use ids::{
    ContractId, PartnerId, PaymentId, SettlementDetailId, SettlementId, TenderId, TransactionId, WindowId,
};
use money::Currency;
use proptest::prelude::*;
use uuid::Uuid;

use Bearer::{Partner, Platform};
use Side::{Credit, Debit};
use TenderKind::{BankTransfer, Card, Cash, Points, Voucher};

use crate::Error;
use crate::domain::{Difference, DifferenceKind};

use super::{Booked, Posting};

/// Side, account, which partner (0: none), minor units.
pub(super) type Expected = (Side, &'static str, u128, i64);

pub(super) fn partner(number: u128) -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(number))
}

/// The posting of `event` has exactly these lines, and this difference (over: above 0, short: below).
#[track_caller]
pub(super) fn check(event: &impl Booked, expected: &[Expected], difference: i64) {
    let posting = event.posting().unwrap();
    let lines: Vec<Expected> = posting.iter().flat_map(lines).collect();
    assert_eq!(lines, expected);
    let found = posting
        .and_then(|p| p.difference)
        .map_or(0, |found| match found.kind {
            DifferenceKind::Over => found.amount_minor,
            DifferenceKind::Short => -found.amount_minor,
        });
    assert_eq!(found, difference);
}

pub(super) fn lines(posting: &Posting) -> Vec<Expected> {
    let view = |line: &crate::domain::Line| {
        let partner = line.partner_id.map_or(0, |id| id.as_uuid().as_u128());
        (line.side, line.account.code(), partner, line.amount_minor)
    };
    posting.entry.lines().iter().map(view).collect()
}

/// A payment of tenders (kind, captured) for lines.
fn payment(tenders: &[(TenderKind, i64)], lines: Vec<PaidLine>) -> PaymentCompleted {
    let tenders = tenders.iter().map(|(kind, captured_minor)| PaidTender {
        tender_id: TenderId::generate(),
        kind: *kind,
        captured_minor: *captured_minor,
    });
    PaymentCompleted {
        payment_id: PaymentId::generate(),
        order_reference: "order".into(),
        sold_at: DateTime::UNIX_EPOCH,
        origin: Origin::External,
        currency: Currency::KRW,
        tenders: tenders.collect(),
        lines,
    }
}

/// A line of a partner: unit price, quantity, shipping, discounts.
fn paid(by: u128, price: i64, quantity: i32, shipping: i64, discounts: &[(i64, Bearer)]) -> PaidLine {
    PaidLine {
        line_number: 1,
        partner_id: partner(by),
        category: String::new(),
        unit_price_minor: price,
        quantity,
        shipping_minor: shipping,
        tax_free_minor: 0,
        discounts: discounts
            .iter()
            .map(|(amount_minor, funded_by)| Discount {
                amount_minor: *amount_minor,
                funded_by: *funded_by,
            })
            .collect(),
    }
}

/// A priced line of a partner: G, Dp, Dm, F, VAT, bearer, shipping; its net as the formula says.
fn priced(by: u128, steps: [i64; 5], bearer: Bearer, shipping: i64) -> PricedLine {
    let [gross, by_partner, by_platform, fee, vat] = steps;
    let on_top = if bearer == Partner { vat } else { 0 };
    PricedLine {
        detail_id: SettlementDetailId::generate(),
        line_number: 1,
        partner_id: partner(by),
        currency: Currency::KRW,
        gross_minor: gross,
        partner_discount_minor: by_partner,
        platform_discount_minor: by_platform,
        fee_minor: fee,
        fee_vat_minor: vat,
        fee_vat_borne_by: bearer,
        shipping_minor: shipping,
        net_minor: gross - by_partner - fee - on_top + shipping,
        contract_id: ContractId::generate(),
        contract_version: 1,
        window_id: WindowId::generate(),
    }
}

fn lines_priced(lines: Vec<PricedLine>) -> SettlementLinesPriced {
    SettlementLinesPriced {
        payment_id: PaymentId::generate(),
        sold_at: DateTime::UNIX_EPOCH,
        lines,
    }
}

/// A statement of partner 1: earned, carried in, payable, carried out.
fn statement([earned, carried_in, payable, carried_out]: [i64; 4]) -> SettlementCompleted {
    SettlementCompleted {
        settlement_id: SettlementId::generate(),
        window_id: WindowId::generate(),
        partner_id: partner(1),
        currency: Currency::KRW,
        starts_on: NaiveDate::MIN,
        ends_on: NaiveDate::MIN,
        due_on: NaiveDate::MIN,
        line_count: 1,
        earned_minor: earned,
        carried_in_minor: carried_in,
        payable_minor: payable,
        carried_out_minor: carried_out,
        settled_at: DateTime::UNIX_EPOCH,
    }
}

/// A refund by one tender of parts of lines: of whom, G, Dp, Dm, shipping.
fn refund(kind: TenderKind, refunded: i64, parts: &[(u128, [i64; 4])]) -> PaymentRefunded {
    let lines = parts.iter().zip(1..).map(|((by, amounts), line_number)| {
        let [gross, by_partner, by_platform, shipping] = *amounts;
        RefundedLine {
            line_number,
            partner_id: partner(*by),
            refunded_minor: gross - by_partner - by_platform + shipping,
            gross_minor: gross,
            tax_free_minor: 0,
            partner_discount_minor: by_partner,
            platform_discount_minor: by_platform,
            shipping_minor: shipping,
            owed_minor: i64::MAX,
            refunded_before_minor: 0,
        }
    });
    PaymentRefunded {
        payment_id: PaymentId::generate(),
        transaction_id: TransactionId::generate(),
        order_reference: "order".into(),
        sold_at: DateTime::UNIX_EPOCH,
        origin: Origin::External,
        currency: Currency::KRW,
        outcome: RefundOutcome::Refunded,
        tender: RefundedTender {
            tender_id: TenderId::generate(),
            kind,
            refunded_minor: refunded,
        },
        lines: lines.collect(),
        refunded_at: DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
    }
}

/// A refund has exactly these lines and gives back so much of what was paid over; and reversed, the opposite.
#[track_caller]
fn check_refund(event: &PaymentRefunded, expected: &[Expected], repaid: i64) {
    check(event, expected, 0);
    let of = |event: &PaymentRefunded| {
        let posting = event.posting().unwrap();
        posting.and_then(|p| p.repayment).map_or(0, |r| r.amount_minor)
    };
    assert_eq!(of(event), repaid);
    let reversed = PaymentRefunded {
        outcome: RefundOutcome::Reversed,
        ..event.clone()
    };
    let mut opposite: Vec<Expected> = expected
        .iter()
        .map(|(side, account, partner, amount)| {
            let side = if *side == Debit { Credit } else { Debit };
            (side, *account, *partner, *amount)
        })
        .collect();
    opposite.sort_by_key(|(side, ..)| *side == Credit);
    check(&reversed, &opposite, 0);
    assert_eq!(of(&reversed), -repaid);
}

#[test]
fn a_refund_goes_back_by_the_account_of_its_tender() {
    for (kind, account) in [
        (Card, "receivable_card"),
        (BankTransfer, "receivable_bank"),
        (Voucher, "voucher_liability"),
        (Points, "points_liability"),
        (Cash, "cash"),
    ] {
        check_refund(
            &refund(kind, 4_000, &[(1, [4_000, 0, 0, 0])]),
            &[
                (Debit, "partner_payable_unsettled", 1, 4_000),
                (Credit, account, 0, 4_000),
            ],
            0,
        );
    }
}

#[test]
fn a_refund_takes_back_from_every_partner_what_it_earned_and_from_the_platform_its_discount() {
    // Half of a 33,000 item with a 3,000 coupon, shared half and half, and the shipping of another partner's.
    check_refund(
        &refund(Card, 17_500, &[(2, [16_500, 750, 750, 0]), (1, [0, 0, 0, 2_500])]),
        &[
            (Debit, "partner_payable_unsettled", 1, 2_500),
            (Debit, "partner_payable_unsettled", 2, 15_750),
            (Credit, "receivable_card", 0, 17_500),
            (Credit, "discount_expense", 2, 750),
        ],
        0,
    );
}

#[test]
fn what_goes_back_beyond_the_lines_comes_out_of_suspense() {
    check_refund(
        &refund(BankTransfer, 10_300, &[(1, [10_000, 0, 0, 0])]),
        &[
            (Debit, "partner_payable_unsettled", 1, 10_000),
            (Debit, "suspense_over", 0, 300),
            (Credit, "receivable_bank", 0, 10_300),
        ],
        300,
    );
    check_refund(
        &refund(Card, 300, &[]),
        &[
            (Debit, "suspense_over", 0, 300),
            (Credit, "receivable_card", 0, 300),
        ],
        300,
    );
}

#[test]
fn a_refund_of_nothing_has_no_entry() {
    check_refund(&refund(Card, 0, &[(1, [0, 0, 0, 0])]), &[], 0);
}

#[test]
fn a_refund_whose_parts_are_not_what_it_says_is_refused() {
    let more_than_the_tender = refund(Card, 3_999, &[(1, [4_000, 0, 0, 0])]);
    let mut wrong_parts = refund(Card, 4_000, &[(1, [4_000, 0, 0, 0])]);
    wrong_parts.lines[0].gross_minor -= 1;
    for event in [more_than_the_tender, wrong_parts] {
        assert!(matches!(event.posting(), Err(Error::RefundDoesNotAddUp { .. })));
    }
}

#[test]
fn each_kind_of_tender_has_its_account() {
    for (kind, account) in [
        (Card, "receivable_card"),
        (BankTransfer, "receivable_bank"),
        (Voucher, "voucher_liability"),
        (Points, "points_liability"),
        (Cash, "cash"),
    ] {
        check(
            &payment(&[(kind, 10_000)], vec![paid(1, 10_000, 1, 0, &[])]),
            &[
                (Debit, account, 0, 10_000),
                (Credit, "partner_payable_unsettled", 1, 10_000),
            ],
            0,
        );
    }
}

#[test]
fn a_payment_owes_every_partner_its_own_lines() {
    check(
        &payment(
            &[(Card, 20_000), (Points, 7_000), (Card, 1_000)],
            vec![
                paid(2, 5_000, 2, 2_500, &[]),
                paid(1, 12_000, 1, 0, &[]),
                paid(2, 3_500, 1, 0, &[]),
            ],
        ),
        &[
            (Debit, "receivable_card", 0, 21_000),
            (Debit, "points_liability", 0, 7_000),
            (Credit, "partner_payable_unsettled", 1, 12_000),
            (Credit, "partner_payable_unsettled", 2, 16_000),
        ],
        0,
    );
}

#[test]
fn a_discount_of_the_platform_is_its_expense_and_one_of_the_partner_is_not() {
    // A 33,000 item with a 3,000 coupon, shared half and half.
    check(
        &payment(
            &[(Card, 30_000)],
            vec![paid(1, 33_000, 1, 0, &[(1_500, Partner), (1_500, Platform)])],
        ),
        &[
            (Debit, "receivable_card", 0, 30_000),
            (Debit, "discount_expense", 1, 1_500),
            (Credit, "partner_payable_unsettled", 1, 31_500),
        ],
        0,
    );
}

#[test]
fn what_is_captured_beyond_the_lines_lies_in_suspense_over() {
    check(
        &payment(&[(BankTransfer, 10_300)], vec![paid(1, 10_000, 1, 0, &[])]),
        &[
            (Debit, "receivable_bank", 0, 10_300),
            (Credit, "partner_payable_unsettled", 1, 10_000),
            (Credit, "suspense_over", 0, 300),
        ],
        300,
    );
}

#[test]
fn what_is_captured_short_of_the_lines_lies_in_suspense_short() {
    check(
        &payment(
            &[(Cash, 9_500)],
            vec![paid(1, 11_000, 1, 0, &[(1_000, Platform)])],
        ),
        &[
            (Debit, "cash", 0, 9_500),
            (Debit, "suspense_short", 0, 500),
            (Debit, "discount_expense", 1, 1_000),
            (Credit, "partner_payable_unsettled", 1, 11_000),
        ],
        -500,
    );
}

#[test]
fn a_payment_that_captured_nothing_for_nothing_has_no_entry() {
    check(&payment(&[(Card, 0)], vec![paid(1, 0, 1, 0, &[])]), &[], 0);
}

#[test]
fn a_payment_beyond_64_bits_is_refused() {
    let event = payment(&[(Card, 1)], vec![paid(1, i64::MAX, i32::MAX, 0, &[])]);
    assert!(matches!(event.posting(), Err(Error::AmountTooLarge { .. })));
}

#[test]
fn vat_on_top_comes_out_of_what_the_partner_earned() {
    // 10,000 at 10 %: fee 1,000, VAT 100, net 8,900.
    check(
        &lines_priced(vec![priced(1, [10_000, 0, 0, 1_000, 100], Partner, 0)]),
        &[
            (Debit, "partner_payable_unsettled", 1, 1_100),
            (Credit, "vat_payable", 1, 100),
            (Credit, "fee_income", 1, 1_000),
        ],
        0,
    );
}

#[test]
fn vat_borne_by_the_platform_comes_out_of_its_fee() {
    check(
        &lines_priced(vec![priced(1, [10_000, 500, 500, 1_100, 100], Platform, 2_500)]),
        &[
            (Debit, "partner_payable_unsettled", 1, 1_100),
            (Credit, "vat_payable", 1, 100),
            (Credit, "fee_income", 1, 1_000),
        ],
        0,
    );
}

#[test]
fn priced_lines_are_booked_partner_by_partner() {
    check(
        &lines_priced(vec![
            priced(2, [10_000, 0, 0, 1_000, 100], Partner, 0),
            priced(1, [5_000, 0, 0, 550, 50], Platform, 0),
            priced(2, [20_000, 0, 0, 2_000, 200], Partner, 0),
        ]),
        &[
            (Debit, "partner_payable_unsettled", 1, 550),
            (Debit, "partner_payable_unsettled", 2, 3_300),
            (Credit, "vat_payable", 1, 50),
            (Credit, "vat_payable", 2, 300),
            (Credit, "fee_income", 1, 500),
            (Credit, "fee_income", 2, 3_000),
        ],
        0,
    );
}

#[test]
fn a_reversed_line_is_the_mirror_of_its_original() {
    check(
        &lines_priced(vec![priced(1, [-10_000, 0, 0, -1_000, -100], Partner, 0)]),
        &[
            (Debit, "vat_payable", 1, 100),
            (Debit, "fee_income", 1, 1_000),
            (Credit, "partner_payable_unsettled", 1, 1_100),
        ],
        0,
    );
}

#[test]
fn what_a_refund_takes_back_is_booked_with_the_sides_turned() {
    // A third of a line whose fee includes the VAT, beside a line that was sold.
    check(
        &lines_priced(vec![
            priced(1, [-3_333, 0, 0, -366, -33], Platform, -800),
            priced(2, [10_000, 0, 0, 1_000, 100], Partner, 0),
        ]),
        &[
            (Debit, "partner_payable_unsettled", 2, 1_100),
            (Debit, "vat_payable", 1, 33),
            (Debit, "fee_income", 1, 333),
            (Credit, "partner_payable_unsettled", 1, 366),
            (Credit, "vat_payable", 2, 100),
            (Credit, "fee_income", 2, 1_000),
        ],
        0,
    );
    // Told of together with its sale, since it waited for it: nothing is left of the two.
    check(
        &lines_priced(vec![
            priced(1, [10_000, 0, 0, 1_000, 100], Partner, 0),
            priced(1, [-10_000, 0, 0, -1_000, -100], Partner, 0),
        ]),
        &[],
        0,
    );
}

#[test]
fn lines_without_a_fee_have_no_entry() {
    check(
        &lines_priced(vec![priced(1, [10_000, 0, 0, 0, 0], Partner, 0)]),
        &[],
        0,
    );
}

#[test]
fn a_line_whose_net_is_not_what_its_steps_give_is_refused() {
    let mut line = priced(1, [10_000, 0, 0, 1_000, 100], Partner, 0);
    line.net_minor += 1;
    assert!(matches!(
        lines_priced(vec![line]).posting(),
        Err(Error::PriceDoesNotAddUp {
            net_minor: 8_901,
            steps_minor: 8_900,
            ..
        })
    ));
}

#[test]
fn a_statement_moves_what_was_earned_to_payable_and_carried() {
    const UNSETTLED: &str = "partner_payable_unsettled";
    const SETTLED: &str = "partner_payable_settled";
    const CARRIED: &str = "partner_payable_carried";
    let table: &[(&str, [i64; 4], &[Expected])] = &[
        (
            "all is paid",
            [8_900, 0, 8_900, 0],
            &[(Debit, UNSETTLED, 1, 8_900), (Credit, SETTLED, 1, 8_900)],
        ),
        (
            "below the minimum",
            [900, 0, 0, 900],
            &[(Debit, UNSETTLED, 1, 900), (Credit, CARRIED, 1, 900)],
        ),
        (
            "above it thanks to what was carried in",
            [900, 300, 1_200, 0],
            &[
                (Debit, UNSETTLED, 1, 900),
                (Debit, CARRIED, 1, 300),
                (Credit, SETTLED, 1, 1_200),
            ],
        ),
        (
            "more refunded than sold",
            [-700, 0, 0, -700],
            &[(Debit, CARRIED, 1, 700), (Credit, UNSETTLED, 1, 700)],
        ),
        (
            "an earlier debt made good",
            [1_000, -700, 300, 0],
            &[
                (Debit, UNSETTLED, 1, 1_000),
                (Credit, SETTLED, 1, 300),
                (Credit, CARRIED, 1, 700),
            ],
        ),
        (
            "nothing earned, but what was carried is paid",
            [0, 500, 500, 0],
            &[(Debit, CARRIED, 1, 500), (Credit, SETTLED, 1, 500)],
        ),
        ("nothing earned and nothing moved", [0, 500, 0, 500], &[]),
        ("nothing at all", [0, 0, 0, 0], &[]),
    ];
    for (case, amounts, expected) in table {
        println!("{case}");
        check(&statement(*amounts), expected, 0);
    }
}

#[test]
fn a_statement_that_does_not_add_up_is_refused() {
    for amounts in [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [5, 5, 5, 4]] {
        assert!(matches!(
            statement(amounts).posting(),
            Err(Error::StatementDoesNotAddUp { .. })
        ));
    }
}

#[test]
fn only_payments_and_refunds_date_themselves() {
    let told = DateTime::from_timestamp_millis(1_800_000_000_000).unwrap();
    assert_eq!(payment(&[], vec![]).happened_at(told), DateTime::UNIX_EPOCH);
    let back = refund(Card, 0, &[]);
    assert_eq!(back.happened_at(told), back.refunded_at);
    assert_eq!(lines_priced(vec![]).happened_at(told), told);
    assert_eq!(statement([0; 4]).happened_at(told), told);
}

/// Debits less credits of a partner's unsettled payable, all partners together.
fn unsettled(posting: Option<&Posting>) -> i64 {
    posting.map_or(0, |posting| {
        lines(posting)
            .into_iter()
            .filter(|(_, account, ..)| *account == "partner_payable_unsettled")
            .map(|(side, .., amount)| if side == Debit { amount } else { -amount })
            .sum()
    })
}

fn balanced(posting: Option<&Posting>) -> bool {
    posting.is_none_or(|posting| {
        let lines = lines(posting);
        let sum = |of| {
            lines
                .iter()
                .filter(|l| l.0 == of)
                .map(|l| i128::from(l.3))
                .sum::<i128>()
        };
        lines.len() >= 2 && sum(Debit) == sum(Credit) && lines.iter().all(|l| l.3 > 0)
    })
}

pub(super) fn kind() -> impl Strategy<Value = TenderKind> {
    prop::sample::select(vec![Card, BankTransfer, Voucher, Points, Cash])
}

fn bearer() -> impl Strategy<Value = Bearer> {
    prop::sample::select(vec![Partner, Platform])
}

prop_compose! {
    fn paid_line()(
        by in 1_u128..4,
        price in 0_i64..1_000_000_000,
        quantity in 1_i32..1_000,
        shipping in 0_i64..100_000,
        discounts in prop::collection::vec((1_i64..1_000_000, bearer()), 0..3),
    ) -> PaidLine {
        paid(by, price, quantity, shipping, &discounts)
    }
}

proptest! {
    #[test]
    fn a_payment_balances_and_its_difference_is_captured_less_owed(
        tenders in prop::collection::vec((kind(), 0_i64..1_000_000_000_000), 0..4),
        lines in prop::collection::vec(paid_line(), 0..6),
    ) {
        let owed: i64 = lines.iter().map(|line| {
            let discounts: i64 = line.discounts.iter().map(|d| d.amount_minor).sum();
            line.unit_price_minor * i64::from(line.quantity) - discounts + line.shipping_minor
        }).sum();
        let captured: i64 = tenders.iter().map(|(_, captured)| captured).sum();
        let event = payment(&tenders, lines);
        let posting = event.posting().unwrap();
        prop_assert!(balanced(posting.as_ref()));
        let expected = (captured != owed).then(|| Difference {
            payment_id: event.payment_id,
            kind: if captured > owed { DifferenceKind::Over } else { DifferenceKind::Short },
            amount_minor: (captured - owed).abs(),
            currency: Currency::KRW,
            of_dispute: None,
        });
        prop_assert_eq!(posting.and_then(|p| p.difference), expected);
    }

    #[test]
    fn once_paid_priced_and_settled_nothing_is_left_unsettled(
        price in 0_i64..1_000_000_000,
        by_partner in 0_i64..1_000_000,
        by_platform in 0_i64..1_000_000,
        shipping in 0_i64..100_000,
        fee in 0_i64..1_000_000,
        vat in 0_i64..100_000,
        vat_bearer in bearer(),
        carried_in in -1_000_000_i64..1_000_000,
        minimum in 0_i64..1_000_000,
    ) {
        let discounts: Vec<_> = [(by_partner, Partner), (by_platform, Platform)]
            .into_iter()
            .filter(|(amount, _)| *amount > 0)
            .collect();
        let line = priced(1, [price, by_partner, by_platform, fee, vat], vat_bearer, shipping);
        let earned = line.net_minor;
        let balance = earned + carried_in;
        let payable = if balance > 0 && balance >= minimum { balance } else { 0 };
        let paid_for = price - by_partner - by_platform + shipping;
        let postings = [
            payment(&[(Card, paid_for)], vec![paid(1, price, 1, shipping, &discounts)]).posting().unwrap(),
            lines_priced(vec![line]).posting().unwrap(),
            statement([earned, carried_in, payable, balance - payable]).posting().unwrap(),
        ];
        let [paid, priced, settled] = postings.each_ref().map(Option::as_ref);
        prop_assert_eq!(unsettled(paid) + unsettled(priced), -earned);
        prop_assert_eq!(unsettled(settled), earned);
        for posting in &postings {
            prop_assert!(balanced(posting.as_ref()));
        }
    }

    #[test]
    fn a_refund_of_the_whole_is_the_mirror_of_its_payment(
        price in 0_i64..1_000_000_000,
        by_partner in 0_i64..1_000_000,
        by_platform in 0_i64..1_000_000,
        shipping in 0_i64..100_000,
        over in 0_i64..1_000,
        kind in kind(),
    ) {
        let discounts: Vec<_> = [(by_partner, Partner), (by_platform, Platform)]
            .into_iter()
            .filter(|(amount, _)| *amount > 0)
            .collect();
        let taken = price - by_partner - by_platform + shipping + over;
        prop_assume!(taken >= over);
        let paid = payment(&[(kind, taken)], vec![paid(1, price, 1, shipping, &discounts)]).posting().unwrap();
        let back = refund(kind, taken, &[(1, [price, by_partner, by_platform, shipping])]).posting().unwrap();
        let turned = |posting: &Option<Posting>| {
            let mut all: Vec<_> = posting.iter().flat_map(lines).collect();
            all.sort_by_key(|(_, account, partner, _)| (*account, *partner));
            all
        };
        let (mut paid_lines, back_lines) = (turned(&paid), turned(&back));
        for (side, ..) in &mut paid_lines {
            *side = if *side == Debit { Credit } else { Debit };
        }
        prop_assert_eq!(paid_lines, back_lines);
        prop_assert!(balanced(back.as_ref()));
        let found = paid.and_then(|p| p.difference).map_or(0, |d| d.amount_minor);
        prop_assert_eq!(back.and_then(|p| p.repayment).map_or(0, |r| r.amount_minor), found);
    }
}
