//! How readers learn where a partition ends.

use std::collections::BTreeMap;

use testkit::event_log::{database, eventually, publish};

use crate::fixture::{arrived, payments, places, relay};
use crate::memory::{Memory, PARTITIONS};

#[tokio::test]
async fn the_end_of_each_partition_is_said_and_said_again() {
    let database = database().await;
    let outbox = database.outbox();
    let broker = Memory::new();
    relay(&outbox, &broker).await;
    publish(&outbox, &payments(60)).await;
    let mut ends: BTreeMap<i32, i64> = BTreeMap::new();
    for (partition, sequence, ..) in places(&arrived(&broker, 60).await) {
        ends.insert(partition, sequence);
    }
    assert_eq!(ends.len(), usize::try_from(PARTITIONS).unwrap());
    let marks = async || broker.marks();
    let said = eventually(marks, |marks| {
        let often = |end: (&i32, &i64)| marks.iter().filter(|mark| (&mark.0, &mark.1) == end).count();
        ends.iter().all(|end| often(end) >= 2)
    })
    .await;
    assert!(
        said.iter()
            .all(|(partition, sequence)| *sequence <= ends[partition]),
        "{said:?} where the ends are {ends:?}"
    );
}

#[tokio::test]
async fn nothing_is_said_of_what_is_not_safe() {
    let database = database().await;
    let outbox = database.outbox();
    let broker = Memory::new();
    broker.close();
    relay(&outbox, &broker).await;
    publish(&outbox, &payments(10)).await;
    crate::fixture::progress_becomes(&outbox, (10, 0)).await;
    assert!(broker.marks().is_empty());
    broker.open();
    arrived(&broker, 10).await;
    eventually(async || broker.marks(), |marks| !marks.is_empty()).await;
}
