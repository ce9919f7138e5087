use bus::{Cursor, OutboxLog};
use ids::PaymentId;
use testkit::event_log::{TOPIC, database, publish};

/// The numbers of that payment's events. Transactions of other tests on the same server hold records back for a
/// moment: reads until everything committed is there.
async fn numbers(log: &OutboxLog, payment: PaymentId) -> Vec<i64> {
    loop {
        let records = log.read(TOPIC, &Cursor::start(), 1000).await.unwrap();
        if log.count_after(TOPIC, &Cursor::start()).await.unwrap() == i64::try_from(records.len()).unwrap() {
            return records
                .into_iter()
                .filter(|r| r.aggregate == payment.to_string())
                .map(|r| r.number)
                .collect();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn events_of_an_aggregate_are_numbered_without_gaps() {
    let database = database().await;
    let outbox = database.outbox();
    let (one, two) = (PaymentId::generate(), PaymentId::generate());
    publish(&outbox, &[one, one, two]).await;
    publish(&outbox, &[two, one]).await;
    let log = OutboxLog::new(outbox);
    assert_eq!(numbers(&log, one).await, [1, 2, 3]);
    assert_eq!(numbers(&log, two).await, [1, 2]);
}

#[tokio::test]
async fn two_writers_of_one_aggregate_cannot_both_have_a_number() {
    let database = database().await;
    let outbox = database.outbox();
    let payment = PaymentId::generate();
    let writers = (0..8).map(|_| {
        let outbox = outbox.clone();
        tokio::spawn(async move {
            let mut work = outbox.begin().await.unwrap();
            let event = contracts::events::PaymentRequested { payment_id: payment };
            work.publish(&event, chrono::DateTime::UNIX_EPOCH).unwrap();
            work.commit().await.is_ok()
        })
    });
    let mut written = 0;
    for writer in writers.collect::<Vec<_>>() {
        written += i64::from(writer.await.unwrap());
    }
    let log = OutboxLog::new(outbox);
    assert_eq!(numbers(&log, payment).await, (1..=written).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_record_is_held_back_while_an_older_transaction_runs() {
    let database = database().await;
    let outbox = database.outbox();
    let log = OutboxLog::new(outbox.clone());
    // Its transaction has begun to write before the other one, and commits after it.
    let mut slow = outbox.begin().await.unwrap();
    sqlx::query("insert into effects (aggregate, number) values ('slow', 1)")
        .execute(slow.conn())
        .await
        .unwrap();
    let (late, early) = (PaymentId::generate(), PaymentId::generate());
    publish(&outbox, &[early]).await;
    let before = log.read(TOPIC, &Cursor::start(), 10).await.unwrap();
    assert!(
        before.is_empty(),
        "what stands behind an undecided place would be skipped over"
    );
    assert_eq!(
        log.count_after(TOPIC, &Cursor::start()).await.unwrap(),
        1,
        "the lag counts it all the same"
    );

    slow.publish(
        &contracts::events::PaymentRequested { payment_id: late },
        chrono::DateTime::UNIX_EPOCH,
    )
    .unwrap();
    slow.commit().await.unwrap();
    assert_eq!(numbers(&log, late).await, [1]);
    let after = log.read(TOPIC, &Cursor::start(), 10).await.unwrap();
    let found: Vec<_> = after.iter().map(|r| r.aggregate.clone()).collect();
    assert_eq!(found, [late.to_string(), early.to_string()]);
}

#[tokio::test]
async fn a_reader_with_a_cursor_gets_every_record_once_under_many_writers() {
    let database = database().await;
    let outbox = database.outbox();
    let writers: Vec<_> = (0..6)
        .map(|_| {
            let outbox = outbox.clone();
            tokio::spawn(async move {
                for _ in 0..40 {
                    publish(&outbox, &[PaymentId::generate(), PaymentId::generate()]).await;
                }
            })
        })
        .collect();
    let log = OutboxLog::new(outbox.clone());
    let reader = tokio::spawn(async move {
        let mut cursor = Cursor::start();
        let mut seen = Vec::new();
        while seen.len() < 480 {
            let records = log.read(TOPIC, &cursor, 50).await.unwrap();
            cursor = records.last().map_or(cursor, |r| r.cursor.clone());
            seen.extend(records.into_iter().map(|r| r.event_id));
            tokio::task::yield_now().await;
        }
        assert_eq!(log.count_after(TOPIC, &cursor).await.unwrap(), 0);
        seen
    });
    for writer in writers {
        writer.await.unwrap();
    }
    let mut seen = tokio::time::timeout(std::time::Duration::from_secs(30), reader)
        .await
        .unwrap()
        .unwrap();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 480);
}
