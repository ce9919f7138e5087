//! Batches of facts, one after the other and at once.

use bus::{Handler, Refusal};
use contracts::events::{AccountingEntry, PaymentCompleted, SettlementCompleted, Side};
use ids::PartnerId;
use postgres::Db;

use crate::domain::{Account, DifferenceKind};
use crate::events::Books;
use crate::store::{accounts, breaks, ledgers};

use super::{bookkeeper, count, database, fact, ledgers_that_differ_from_lines, now, payment, post, record};

/// Debits and credits of an account over everything posted.
async fn totals(db: &Db, account: Account) -> (i128, i128) {
    ledgers::trial_balance(db.pool(), "main", None)
        .await
        .unwrap()
        .into_iter()
        .filter(|row| row.account == account.code())
        .fold((0, 0), |(debit, credit), row| {
            (debit + row.debit_minor, credit + row.credit_minor)
        })
}

#[tokio::test]
async fn every_account_of_a_posting_stands_in_the_chart() {
    let database = database().await;
    let chart = accounts::list(database.db().pool()).await.unwrap();
    let codes: Vec<&str> = chart.iter().map(|account| account.code.as_str()).collect();
    let known: Vec<&str> = Account::ALL.iter().map(|account| account.code()).collect();
    assert_eq!(codes, known);
}

#[tokio::test]
async fn a_batch_is_written_published_and_added_up() {
    let database = database().await;
    let partners: Vec<PartnerId> = (0..7).map(|_| PartnerId::generate()).collect();
    let mut facts = Vec::new();
    for partner in partners.iter().cycle().take(50) {
        facts.push(fact(&payment(*partner, now())));
    }
    assert_eq!(post(&database.outbox(), &bookkeeper(), facts).await, 50);
    assert_eq!(count(&database, "journal_entries").await, 50);
    assert_eq!(count(&database, "journal_lines").await, 100);
    assert_eq!(count(&database, "bus.outbox").await, 50);
    // One row of the card receivable, one of each partner's payable.
    assert_eq!(count(&database, "ledgers").await, 8);
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
    assert_eq!(
        totals(&database.db(), Account::ReceivableCard).await,
        (500_000, 0)
    );
    assert_eq!(
        totals(&database.db(), Account::PartnerPayableUnsettled).await,
        (0, 500_000)
    );
}

#[tokio::test]
async fn what_is_published_is_what_was_posted() {
    let database = database().await;
    let event = payment(PartnerId::generate(), now());
    post(&database.outbox(), &bookkeeper(), vec![fact(&event)]).await;
    let payload: serde_json::Value = sqlx::query_scalar("select payload from bus.outbox")
        .fetch_one(database.db().pool())
        .await
        .unwrap();
    let entry: AccountingEntry = serde_json::from_value(payload).unwrap();
    assert_eq!(entry.kind, "payment-completed");
    assert_eq!(entry.source, event.payment_id.to_string());
    assert_eq!((entry.book.as_str(), entry.recorded_at), ("main", now()));
    assert_eq!(entry.posted_on.to_string(), "2026-12-10");
    let sides: Vec<_> = entry.lines.iter().map(|l| (l.side, l.amount_minor)).collect();
    assert_eq!(sides, [(Side::Debit, 10_000), (Side::Credit, 10_000)]);
}

#[tokio::test]
async fn a_repeat_changes_nothing() {
    let database = database().await;
    let keeper = bookkeeper();
    let events: Vec<_> = (0..20).map(|_| payment(PartnerId::generate(), now())).collect();
    let facts = |range: std::ops::Range<usize>| events[range].iter().map(fact).collect::<Vec<_>>();
    assert_eq!(post(&database.outbox(), &keeper, facts(0..10)).await, 10);
    assert_eq!(post(&database.outbox(), &keeper, facts(0..10)).await, 0);
    // Half known, half new.
    assert_eq!(post(&database.outbox(), &keeper, facts(5..20)).await, 10);
    assert_eq!(count(&database, "journal_entries").await, 20);
    assert_eq!(count(&database, "bus.outbox").await, 20);
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
    assert_eq!(
        totals(&database.db(), Account::ReceivableCard).await,
        (200_000, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_at_once_on_the_same_accounts_end_exact() {
    const WRITERS: usize = 8;
    const BATCHES: usize = 5;
    let database = database().await;
    let keeper = bookkeeper();
    let partners: Vec<PartnerId> = (0..5).map(|_| PartnerId::generate()).collect();
    // Every batch comes from two writers, so that repeats meet too.
    let batches: Vec<Vec<PaymentCompleted>> = (0..WRITERS * BATCHES / 2)
        .map(|_| {
            partners
                .iter()
                .cycle()
                .take(25)
                .map(|p| payment(*p, now()))
                .collect()
        })
        .collect();
    let writers = (0..WRITERS).map(|writer| {
        let (outbox, keeper, mut batches) = (database.outbox(), keeper.clone(), batches.clone());
        tokio::spawn(async move {
            let start = writer * batches.len() / WRITERS;
            batches.rotate_left(start);
            let mut written = 0;
            for events in &batches {
                // Each writer offers its facts in an order of its own.
                let mut facts: Vec<_> = events.iter().map(fact).collect();
                facts.rotate_left(writer);
                written += post(&outbox, &keeper, facts).await;
            }
            written
        })
    });
    let mut written = 0;
    for writer in writers.collect::<Vec<_>>() {
        written += writer.await.unwrap();
    }
    let entries = batches.len() * 25;
    assert_eq!(written, entries);
    assert_eq!(
        count(&database, "journal_entries").await,
        i64::try_from(entries).unwrap()
    );
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
    let total = i128::try_from(entries).unwrap() * 10_000;
    assert_eq!(totals(&database.db(), Account::ReceivableCard).await, (total, 0));
    database.assert_no_open_transaction().await;
}

#[tokio::test]
async fn a_payment_over_and_one_short_are_two_breaks_that_never_net() {
    let database = database().await;
    let mut over = payment(PartnerId::generate(), now());
    over.tenders[0].captured_minor += 700;
    let mut short = payment(PartnerId::generate(), now());
    short.tenders[0].captured_minor -= 700;
    let facts = vec![
        fact(&over),
        fact(&short),
        fact(&payment(PartnerId::generate(), now())),
    ];
    post(&database.outbox(), &bookkeeper(), facts).await;
    assert_eq!(totals(&database.db(), Account::SuspenseOver).await, (0, 700));
    assert_eq!(totals(&database.db(), Account::SuspenseShort).await, (700, 0));
    let found = breaks::list(database.db().pool(), None, None, None, 10)
        .await
        .unwrap();
    let mut kinds: Vec<_> = found
        .iter()
        .map(|b| (b.payment_id, b.kind, b.amount_minor))
        .collect();
    kinds.sort_by_key(|(_, kind, _)| kind.as_str());
    assert_eq!(
        kinds,
        [
            (over.payment_id, DifferenceKind::Over, 700),
            (short.payment_id, DifferenceKind::Short, 700)
        ]
    );
    let open = breaks::count_open(database.db().pool()).await.unwrap();
    assert_eq!(open.iter().map(|(_, count)| count).sum::<i64>(), 2);
}

#[tokio::test]
async fn totals_beyond_64_bits_are_exact() {
    let database = database().await;
    let facts = (0..3).map(|_| {
        let mut event = payment(PartnerId::generate(), now());
        event.tenders[0].captured_minor = i64::MAX;
        event.lines[0].unit_price_minor = i64::MAX;
        fact(&event)
    });
    post(&database.outbox(), &bookkeeper(), facts.collect()).await;
    assert_eq!(
        totals(&database.db(), Account::ReceivableCard).await,
        (i128::from(i64::MAX) * 3, 0)
    );
}

#[tokio::test]
async fn an_event_that_can_t_be_booked_is_refused_for_good_and_leaves_nothing() {
    let database = database().await;
    let mut bad = testkit::events::settlement_completed(PartnerId::generate(), 1, now().date_naive(), now());
    bad.carried_out_minor = 5;
    let handler = Books::<SettlementCompleted>::new(&bookkeeper());
    let mut work = database.outbox().begin().await.unwrap();
    let good = record(&testkit::events::settlement_completed(
        PartnerId::generate(),
        1,
        now().date_naive(),
        now(),
    ));
    let refusal = handler
        .handle(&mut work, &[&good, &record(&bad)])
        .await
        .unwrap_err();
    assert!(matches!(refusal, Refusal::Never(reason) if reason.contains("does not add up")));
    work.roll_back().await.unwrap();
    assert_eq!(count(&database, "journal_entries").await, 0);
}
