//! Disputes in the books, and what they take beyond the lines of their payments.

use contracts::events::DisputeState::{Lost, NeedsResponse, Warning, Won};
use contracts::events::DisputedFunds::{Returned, Unmoved, Withdrawn};
use contracts::events::{DisputeChanged, PaymentCompleted};
use ids::PartnerId;
use testkit::Database;
use testkit::events::{dispute_changed, dispute_goes_on};

use crate::domain::{BreakState, Fact, Source};
use crate::store::{breaks, ledgers};

use super::{at, bookkeeper, database, fact, ledgers_that_differ_from_lines, now, payment, post};

/// A dispute that is opened about all of a payment, and `beyond` more.
fn opened(payment: &PaymentCompleted, beyond: i64) -> DisputeChanged {
    let parts = [(1, 10_000)];
    dispute_changed(payment, NeedsResponse, Withdrawn, 10_000 + beyond, &parts, now())
}

/// The facts of these changes, which are the events `first`, `first` + 1, ... of their payment.
fn facts(changes: &[&DisputeChanged], first: i64) -> Vec<Fact> {
    changes
        .iter()
        .zip(first..)
        .map(|(change, number)| {
            let fact = fact(*change);
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

/// The breaks, smallest and open ones first: how much, and how they stand.
async fn broken(database: &Database) -> Vec<(i64, BreakState)> {
    let pool = database.db().pool().clone();
    let found = breaks::list(&pool, None, None, None, 10).await.unwrap();
    let open = breaks::count_open(&pool).await.unwrap();
    let open: i64 = open.iter().map(|(_, count)| count).sum();
    let mut stands: Vec<_> = found.iter().map(|b| (b.amount_minor, b.state)).collect();
    stands.sort_by_key(|(amount, state)| (*amount, *state == BreakState::Resolved));
    assert_eq!(
        usize::try_from(open).unwrap(),
        stands
            .iter()
            .filter(|(_, state)| *state == BreakState::Open)
            .count()
    );
    stands
}

fn left(of: &[(&str, i128)]) -> Vec<(String, i128)> {
    of.iter()
        .map(|(account, minor)| ((*account).to_owned(), *minor))
        .collect()
}

#[tokio::test]
async fn a_dispute_that_is_won_leaves_the_books_as_they_were() {
    let database = database().await;
    let payment = payment(PartnerId::generate(), now());
    post(&database.outbox(), &bookkeeper(), vec![fact(&payment)]).await;
    let before = balances(&database).await;
    let opened = opened(&payment, 0);
    let won = dispute_goes_on(&opened, Won, Returned, now());
    post(&database.outbox(), &bookkeeper(), facts(&[&opened], 1)).await;
    assert_eq!(
        balances(&database).await,
        left(&[("receivable_card", -10_000), ("disputed_funds", 10_000)])
    );
    assert_eq!(
        post(&database.outbox(), &bookkeeper(), facts(&[&won], 2)).await,
        1
    );
    // The same events again.
    assert_eq!(
        post(&database.outbox(), &bookkeeper(), facts(&[&opened, &won], 1)).await,
        0
    );
    assert_eq!(balances(&database).await, before);
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
    assert_eq!(broken(&database).await, []);
}

#[tokio::test]
async fn a_dispute_that_is_lost_leaves_nothing_of_the_payment_whatever_comes_first() {
    for payment_first in [true, false] {
        for at_once in [true, false] {
            let database = database().await;
            let payment = payment(PartnerId::generate(), now());
            let opened = opened(&payment, 0);
            let lost = dispute_goes_on(&opened, Lost, Unmoved, now());
            let told = if at_once {
                let only = DisputeChanged {
                    state: Lost,
                    ..opened.clone()
                };
                facts(&[&only], 1)
            } else {
                facts(&[&opened, &lost], 1)
            };
            let paid = vec![fact(&payment)];
            let order = if payment_first { [paid, told] } else { [told, paid] };
            for facts in order {
                post(&database.outbox(), &bookkeeper(), facts).await;
            }
            assert_eq!(balances(&database).await, [], "{payment_first} {at_once}");
            assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
        }
    }
}

#[tokio::test]
async fn a_change_is_posted_to_the_day_on_which_it_happened() {
    let database = database().await;
    let payment = payment(PartnerId::generate(), at("2026-11-02T00:00:00Z"));
    let mut opened = opened(&payment, 0);
    opened.changed_at = at("2026-12-03T15:00:00Z");
    post(&database.outbox(), &bookkeeper(), facts(&[&opened], 1)).await;
    let posted: String = sqlx::query_scalar("select posted_on::text from journal_entries")
        .fetch_one(database.db().pool())
        .await
        .unwrap();
    assert_eq!(posted, "2026-12-04");
}

#[tokio::test]
async fn a_dispute_of_a_payment_that_was_never_completed_is_a_break_and_takes_from_nobody() {
    let database = database().await;
    let payment = payment(PartnerId::generate(), now());
    let opened = dispute_changed(&payment, NeedsResponse, Withdrawn, 10_000, &[], now());
    let lost = dispute_goes_on(&opened, Lost, Unmoved, now());
    assert_eq!(
        post(&database.outbox(), &bookkeeper(), facts(&[&opened, &lost], 1)).await,
        2
    );
    assert_eq!(
        balances(&database).await,
        left(&[("receivable_card", 10_000), ("suspense_short", -10_000)])
    );
    assert_eq!(broken(&database).await, [(10_000, BreakState::Open)]);
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
}

#[tokio::test]
async fn what_is_taken_beyond_the_lines_is_a_break_until_it_comes_back() {
    let database = database().await;
    let payment = payment(PartnerId::generate(), now());
    post(&database.outbox(), &bookkeeper(), vec![fact(&payment)]).await;
    let opened = opened(&payment, 700);
    post(&database.outbox(), &bookkeeper(), facts(&[&opened], 1)).await;
    assert_eq!(broken(&database).await, [(700, BreakState::Open)]);
    // Taken, given back, taken once more and given back again, in one batch with another dispute that is lost.
    let back = dispute_goes_on(&opened, Warning, Returned, now());
    let again = dispute_goes_on(&back, NeedsResponse, Withdrawn, now());
    let mut other = dispute_changed(&payment, NeedsResponse, Withdrawn, 50, &[], now());
    other.reason = "duplicate".to_owned();
    let lost = dispute_goes_on(&other, Lost, Unmoved, now());
    let batch = facts(&[&back, &again, &other, &lost], 2);
    assert_eq!(post(&database.outbox(), &bookkeeper(), batch).await, 4);
    let open_again = [
        (50, BreakState::Open),
        (700, BreakState::Open),
        (700, BreakState::Resolved),
    ];
    assert_eq!(broken(&database).await, open_again);
    let open: Vec<i32> = sqlx::query_scalar(
        "select version from dispute_breaks join breaks using (entry_id) where state = 'open' and amount_minor = 700",
    )
    .fetch_all(database.db().pool())
    .await
    .unwrap();
    assert_eq!(open, [3], "the second time that it was taken");
    let won = dispute_goes_on(&again, Won, Returned, now());
    post(&database.outbox(), &bookkeeper(), facts(&[&won], 6)).await;
    let all = [
        (50, BreakState::Open),
        (700, BreakState::Resolved),
        (700, BreakState::Resolved),
    ];
    assert_eq!(broken(&database).await, all);
    // Of the second one the bank has the money, and nobody is found who bears it.
    assert_eq!(
        balances(&database).await,
        left(&[
            ("receivable_card", -9_950),
            ("suspense_short", -50),
            ("partner_payable_unsettled", 10_000),
        ])
    );
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
}

#[tokio::test]
async fn a_dispute_does_not_resolve_what_its_payment_was_paid_short() {
    let database = database().await;
    let mut payment = payment(PartnerId::generate(), now());
    payment.tenders[0].captured_minor -= 300;
    post(&database.outbox(), &bookkeeper(), vec![fact(&payment)]).await;
    let opened = opened(&payment, 700);
    let won = dispute_goes_on(&opened, Won, Returned, now());
    post(&database.outbox(), &bookkeeper(), facts(&[&opened, &won], 1)).await;
    assert_eq!(
        broken(&database).await,
        [(300, BreakState::Open), (700, BreakState::Resolved)]
    );
}
