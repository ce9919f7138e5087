//! Refunds in the books, and what they give back of payments that were paid over.

use contracts::events::RefundOutcome::{Refunded, Reversed};
use contracts::events::{PaymentCompleted, PaymentRefunded};
use ids::PartnerId;
use testkit::Database;
use testkit::events::payment_refunded;

use crate::domain::{BreakState, Fact, Source};
use crate::store::{breaks, ledgers};

use super::{at, bookkeeper, count, database, fact, ledgers_that_differ_from_lines, now, payment, post};

/// A payment of 10,000 won that took 700 more.
fn paid_over() -> PaymentCompleted {
    let mut payment = payment(PartnerId::generate(), now());
    payment.tenders[0].captured_minor += 700;
    payment
}

/// A refund of so much of the line, after `before`, and of so much beyond it.
fn refund(payment: &PaymentCompleted, of_line: i64, before: i64, beyond: i64) -> PaymentRefunded {
    let mut refund = payment_refunded(payment, Refunded, &[(1, of_line, before)], now());
    refund.tender.refunded_minor += beyond;
    refund
}

fn reversed(refund: &PaymentRefunded) -> PaymentRefunded {
    PaymentRefunded {
        outcome: Reversed,
        ..refund.clone()
    }
}

/// The facts of these refunds, which are the events 1, 2, 3, ... of their payment.
fn facts(refunds: &[PaymentRefunded]) -> Vec<Fact> {
    refunds
        .iter()
        .zip(1..)
        .map(|(refund, number)| {
            let fact = fact(refund);
            Fact {
                source: Source {
                    number,
                    ..fact.source.clone()
                },
                ..fact
            }
        })
        .collect()
}

/// Accounts that are not at zero: credit less debit.
async fn balances(database: &Database) -> Vec<(String, i128)> {
    let rows = ledgers::trial_balance(database.db().pool(), "main", None)
        .await
        .unwrap();
    rows.into_iter()
        .map(|row| (row.account, row.credit_minor - row.debit_minor))
        .filter(|(_, balance)| *balance != 0)
        .collect()
}

/// What stands of the only break: found, repaid, state, and how many are open.
async fn broken(database: &Database) -> (i64, i64, BreakState, i64) {
    let pool = database.db().pool().clone();
    let found = breaks::list(&pool, None, None, None, 10).await.unwrap();
    let [only] = &found[..] else {
        panic!("{found:?}");
    };
    let open = breaks::count_open(&pool).await.unwrap();
    let count = open.iter().map(|(_, count)| count).sum();
    for state in [BreakState::Open, BreakState::Resolved] {
        let listed = breaks::list(&pool, None, Some(state), None, 10).await.unwrap();
        assert_eq!(listed.len(), usize::from(state == only.state), "{state:?}");
    }
    (only.amount_minor, only.repaid_minor, only.state, count)
}

#[tokio::test]
async fn a_payment_and_refunds_of_all_of_it_leave_nothing() {
    let database = database().await;
    let payment = payment(PartnerId::generate(), now());
    post(&database.outbox(), &bookkeeper(), vec![fact(&payment)]).await;
    let back = [refund(&payment, 3_333, 0, 0), refund(&payment, 6_667, 3_333, 0)];
    assert_eq!(post(&database.outbox(), &bookkeeper(), facts(&back)).await, 2);
    // The same events again.
    assert_eq!(post(&database.outbox(), &bookkeeper(), facts(&back)).await, 0);
    assert_eq!(balances(&database).await, []);
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
    assert_eq!(
        count(&database, "bus.outbox where topic = 'accounting-entry'").await,
        3
    );
}

#[tokio::test]
async fn a_refund_and_its_reversal_are_two_entries() {
    let database = database().await;
    let payment = payment(PartnerId::generate(), now());
    post(&database.outbox(), &bookkeeper(), vec![fact(&payment)]).await;
    let before = balances(&database).await;
    let back = refund(&payment, 4_000, 0, 0);
    let both = [back.clone(), reversed(&back)];
    assert_eq!(post(&database.outbox(), &bookkeeper(), facts(&both)).await, 2);
    assert_eq!(balances(&database).await, before);
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
}

#[tokio::test]
async fn a_refund_is_posted_to_the_day_on_which_it_happened() {
    let database = database().await;
    let payment = payment(PartnerId::generate(), at("2026-11-02T00:00:00Z"));
    let mut back = refund(&payment, 4_000, 0, 0);
    back.refunded_at = at("2026-12-03T15:00:00Z");
    post(&database.outbox(), &bookkeeper(), vec![fact(&back)]).await;
    let posted: String = sqlx::query_scalar("select posted_on::text from journal_entries")
        .fetch_one(database.db().pool())
        .await
        .unwrap();
    assert_eq!(posted, "2026-12-04");
}

#[tokio::test]
async fn what_goes_back_of_a_break_makes_it_smaller_and_in_the_end_resolves_it() {
    let database = database().await;
    let payment = paid_over();
    post(&database.outbox(), &bookkeeper(), vec![fact(&payment)]).await;
    assert_eq!(broken(&database).await, (700, 0, BreakState::Open, 1));
    let all = [refund(&payment, 10_000, 0, 300), refund(&payment, 0, 10_000, 400)];
    let mut told = facts(&all);
    let last = told.pop().unwrap();
    post(&database.outbox(), &bookkeeper(), told).await;
    assert_eq!(broken(&database).await, (700, 300, BreakState::Open, 1));
    let left = [
        ("receivable_card".to_owned(), -400),
        ("suspense_over".to_owned(), 400),
    ];
    assert_eq!(balances(&database).await, left);
    post(&database.outbox(), &bookkeeper(), vec![last]).await;
    assert_eq!(broken(&database).await, (700, 700, BreakState::Resolved, 0));
    assert_eq!(balances(&database).await, []);

    let mut taken_back = fact(&reversed(&all[1]));
    taken_back.source.number = 3;
    post(&database.outbox(), &bookkeeper(), vec![taken_back]).await;
    assert_eq!(broken(&database).await, (700, 300, BreakState::Open, 1));
    assert_eq!(balances(&database).await, left);
}

#[tokio::test]
async fn a_repayment_that_comes_before_its_break_resolves_it_all_the_same() {
    let database = database().await;
    let payment = paid_over();
    let back = refund(&payment, 10_000, 0, 700);
    post(&database.outbox(), &bookkeeper(), vec![fact(&back)]).await;
    assert_eq!(count(&database, "breaks").await, 0);
    post(&database.outbox(), &bookkeeper(), vec![fact(&payment)]).await;
    assert_eq!(broken(&database).await, (700, 700, BreakState::Resolved, 0));
    assert_eq!(balances(&database).await, []);
}

#[tokio::test]
async fn a_payment_that_was_paid_short_stays_a_break_when_it_goes_back() {
    let database = database().await;
    let mut payment = payment(PartnerId::generate(), now());
    payment.tenders[0].captured_minor -= 700;
    let back = refund(&payment, 9_300, 0, 0);
    post(&database.outbox(), &bookkeeper(), vec![fact(&payment)]).await;
    post(&database.outbox(), &bookkeeper(), vec![fact(&back)]).await;
    assert_eq!(broken(&database).await, (700, 0, BreakState::Open, 1));
    // The partner is still owed what the buyer never paid.
    let left = [
        ("suspense_short".to_owned(), -700),
        ("partner_payable_unsettled".to_owned(), 700),
    ];
    assert_eq!(balances(&database).await, left);
}
