//! `kill -9` under full load: what was answered is there, and once.

use std::time::Duration;

use anyhow::{Result, ensure};
use bench::load::Load;
use bench::server::Server;
use rand::RngExt as _;

use crate::stage::Stage;

/// Kills the payment service's process at a random moment of a load of that many clients, and that so often. Returns how many payments were acknowledged in all.
pub async fn run(stage: &mut Stage, server: &Server, load: &Load, clients: u16, kills: u32) -> Result<u64> {
    let mut acknowledged = 0;
    for kill in 1..=kills {
        let pause = Duration::from_millis(rand::rng().random_range(200..1_500));
        let killing = async {
            // The moment is what this is about.
            tokio::time::sleep(pause).await;
            stage.platform.kill(stage.payment())
        };
        let (told, killed) = tokio::join!(load.run_until_broken(clients), killing);
        killed?;
        let told = told?;
        stage.platform.start_all().await?;
        let sum: u64 = told.iter().map(|seen| seen.accepted).sum();
        let mut database = server.database("paymentdb").await?;
        for seen in &told {
            let (first, last) = (seen.reference(0), seen.reference(seen.accepted));
            let found: i64 = sqlx::query_scalar(
                "select count(*) from payments where order_reference >= $1 and order_reference < $2",
            )
            .bind(&first)
            .bind(&last)
            .fetch_one(&mut database)
            .await?;
            ensure!(
                u64::try_from(found)? == seen.accepted,
                "{} payments from {first} on were acknowledged, and {found} are there",
                seen.accepted
            );
        }
        acknowledged += sum;
        println!(
            "kill {kill}, after {} ms: {sum} were acknowledged, all are there, once",
            pause.as_millis()
        );
    }
    Ok(acknowledged)
}
