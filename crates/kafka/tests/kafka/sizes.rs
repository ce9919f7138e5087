//! Events as large as they may be.

use testkit::event_log::{Scribe, Site as _, TOPIC, drain};

use crate::site;

#[tokio::test]
async fn an_event_of_three_megabytes_arrives() {
    let site = site::open().await;
    let outbox = site.outbox();
    sqlx::query(
        "insert into bus.outbox (topic, aggregate, number, payload, trace_parent, occurred_at)
         select $1, 'large', 1, jsonb_build_object('text', string_agg(md5(i::text), '')), '', now()
           from generate_series(1, 100000) i",
    )
    .bind(TOPIC.name)
    .execute(outbox.db().pool())
    .await
    .unwrap();
    let scribe = Scribe::new();
    drain(&site.consumer(&scribe)).await;
    let given = scribe.given.lock().await;
    assert!(given[0].payload.get().len() > 3_200_000);
}
