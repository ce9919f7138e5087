//! The way of an event from the log into the books. The log is the service's own, as if it published what it hears.

use std::sync::Arc;

use bus::{Consumer, OutboxLog, Progress};
use contracts::Event;
use contracts::contract_terms::Bearer;
use contracts::events::{
    DisputeChanged, DisputeState, DisputedFunds, PaymentCompleted, PricedLine, SettlementCompleted,
    SettlementLinesPriced,
};
use ids::{ContractId, PartnerId, SettlementDetailId, WindowId};
use testkit::Database;
use testkit::events::{dispute_changed, dispute_goes_on};

use crate::domain::Booked;
use crate::events::Books;
use crate::store::ledgers;

use super::{bookkeeper, count, database, ledgers_that_differ_from_lines, now, payment};

fn consumer<E: Booked + 'static>(database: &Database) -> Consumer {
    let log = Arc::new(OutboxLog::new(database.outbox()));
    let books = Arc::new(Books::<E>::new(&bookkeeper()));
    Consumer::new(log, E::TOPIC, database.outbox(), books)
}

async fn publish<E: Event>(database: &Database, events: &[E]) {
    let mut work = database.outbox().begin().await.unwrap();
    for event in events {
        work.publish(event, now()).unwrap();
    }
    work.commit().await.unwrap();
}

/// Steps until everything published is taken in. What a transaction elsewhere on the server holds back is seen late.
async fn drain(consumer: &Consumer) {
    while consumer.lag().await.unwrap() > 0 {
        consumer.step().await.unwrap();
    }
    assert_eq!(consumer.step().await.unwrap(), Progress::Idle);
}

/// The only line of the payment, at 10 % with VAT on top: of 10,000, 8,900 are left.
fn priced(payment: &PaymentCompleted) -> SettlementLinesPriced {
    let line = PricedLine {
        detail_id: SettlementDetailId::generate(),
        line_number: 1,
        partner_id: payment.lines[0].partner_id,
        currency: payment.currency,
        gross_minor: 10_000,
        partner_discount_minor: 0,
        platform_discount_minor: 0,
        fee_minor: 1_000,
        fee_vat_minor: 100,
        fee_vat_borne_by: Bearer::Partner,
        shipping_minor: 0,
        net_minor: 8_900,
        contract_id: ContractId::generate(),
        contract_version: 1,
        window_id: WindowId::generate(),
    };
    SettlementLinesPriced {
        payment_id: payment.payment_id,
        sold_at: payment.sold_at,
        lines: vec![line],
    }
}

/// A statement of that many lines of [`priced`].
fn statement(partner_id: PartnerId, lines: i64) -> SettlementCompleted {
    testkit::events::settlement_completed(partner_id, lines * 8_900, now().date_naive(), now())
}

/// Debit less credit of every account of a partner that is not at zero.
async fn balances(database: &Database, partner_id: PartnerId) -> Vec<(String, i128)> {
    let rows = ledgers::by_month(database.db().pool(), "main", None, Some(partner_id)).await;
    rows.unwrap()
        .into_iter()
        .map(|(_, row)| (row.account, row.debit_minor - row.credit_minor))
        .filter(|(_, balance)| *balance != 0)
        .collect()
}

#[tokio::test]
async fn what_is_unsettled_is_the_net_of_lines_that_no_statement_counts() {
    let database = database().await;
    let partner = PartnerId::generate();
    let payments: Vec<_> = (0..3).map(|_| payment(partner, now())).collect();
    publish(&database, &payments).await;
    // Two of three are priced, one of them is settled.
    publish(&database, &payments[..2].iter().map(priced).collect::<Vec<_>>()).await;
    publish(&database, &[statement(partner, 1)]).await;
    // In any order: topics have none among each other.
    for consumer in [
        consumer::<SettlementCompleted>(&database),
        consumer::<SettlementLinesPriced>(&database),
        consumer::<PaymentCompleted>(&database),
    ] {
        drain(&consumer).await;
    }
    let expected = [
        ("partner_payable_unsettled", -(8_900 + 10_000)),
        ("partner_payable_settled", -8_900),
        ("vat_payable", -200),
        ("fee_income", -2_000),
    ];
    let expected = expected.map(|(account, balance)| (account.to_owned(), balance));
    assert_eq!(balances(&database, partner).await, expected);
    assert_eq!(
        count(&database, "bus.outbox where topic = 'accounting-entry'").await,
        6
    );
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
}

#[tokio::test]
async fn a_statement_that_moves_nothing_is_handled_without_an_entry() {
    let database = database().await;
    let event = statement(PartnerId::generate(), 0);
    publish(&database, std::slice::from_ref(&event)).await;
    drain(&consumer::<SettlementCompleted>(&database)).await;
    assert_eq!(count(&database, "journal_entries").await, 0);
    assert_eq!(count(&database, "bus.handled").await, 1);
}

#[tokio::test]
async fn a_change_of_a_dispute_that_moves_no_money_is_handled_without_an_entry() {
    let database = database().await;
    let payment = payment(PartnerId::generate(), now());
    let (warning, unmoved) = (DisputeState::Warning, DisputedFunds::Unmoved);
    let asked = dispute_changed(&payment, warning, unmoved, 10_000, &[(1, 10_000)], now());
    let reviewed = dispute_goes_on(&asked, DisputeState::UnderReview, unmoved, now());
    let (state, funds) = (DisputeState::NeedsResponse, DisputedFunds::Withdrawn);
    let opened = dispute_goes_on(&reviewed, state, funds, now());
    publish(&database, &[asked, reviewed, opened]).await;
    drain(&consumer::<DisputeChanged>(&database)).await;
    let booked: Vec<i64> = sqlx::query_scalar("select source_number from journal_entries")
        .fetch_all(database.db().pool())
        .await
        .unwrap();
    assert_eq!(booked, [3]);
}

#[tokio::test]
async fn one_bad_event_costs_the_others_nothing() {
    let database = database().await;
    let mut statements: Vec<_> = (0..5).map(|_| statement(PartnerId::generate(), 1)).collect();
    statements[2].carried_out_minor = 1;
    publish(&database, &statements).await;
    drain(&consumer::<SettlementCompleted>(&database)).await;
    assert_eq!(count(&database, "journal_entries").await, 4);
    let dead = bus::dead::list(&database.outbox()).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].aggregate, statements[2].settlement_id.to_string());
}
