//! The primary and its replicas do what their methods say.
#![allow(clippy::unwrap_used, reason = "a test reports a fault by panicking")]

use servers::ReplicatedPostgres;

#[tokio::test]
async fn what_was_committed_is_there_after_a_promotion_and_a_return() {
    let mut cluster = ReplicatedPostgres::start().await.unwrap();
    cluster
        .execute(
            0,
            "create table kept (n integer primary key); insert into kept values (1)",
        )
        .await
        .unwrap();
    let killed = cluster.kill_primary().unwrap();
    assert!(cluster.execute(killed, "select 1").await.is_err());

    let next = cluster.most_advanced().await.unwrap();
    cluster.promote(next).await.unwrap();
    assert_ne!(next, killed);
    cluster
        .execute(next, "insert into kept values (2)")
        .await
        .unwrap();

    cluster.rejoin(killed).await.unwrap();
    // One division by zero if the rows are not there, and a refusal of every write.
    let both = "select 1 / (count(*) = 2)::int from kept";
    cluster.execute(killed, both).await.unwrap();
    assert!(
        cluster
            .execute(killed, "insert into kept values (3)")
            .await
            .is_err()
    );
    cluster.stop();
}
