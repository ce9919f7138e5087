//! How long services take to start.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bench::median::median;
use bench::server::Server;
use e2e::{Mode, PORTS, Platform, eventually};

/// How often it is asked.
const LOOK: Duration = Duration::from_millis(2);
/// How long a start may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts the platform on Kafka, a process a service, with a database server that notes when each transaction was
/// committed.
pub async fn platform(settings: &[(&str, &str)]) -> Result<Platform> {
    let mut platform = Platform::start_with(Mode::Split, settings).await?;
    let mut server = Server::of(&platform).await?;
    sqlx::query("alter system set track_commit_timestamp = on")
        .execute(server.payments())
        .await?;
    drop(server);
    for (name, _) in PORTS {
        platform.stop(name).await?;
    }
    platform.stop("postgres").await?;
    platform.launch_with("postgres", &["postgres"], &[])?;
    eventually("the database server", || async {
        Server::of(&platform).await.map(Some)
    })
    .await?;
    platform.start_all().await?;
    Ok(platform)
}

/// Stops each service and starts it again, so many times; from the process's start to its first answer of being ready,
/// the median in milliseconds. The others run.
pub async fn measure(platform: &mut Platform, rounds: u32) -> Result<BTreeMap<&'static str, u64>> {
    let mut medians = BTreeMap::new();
    for (name, offset) in PORTS {
        let mut times = Vec::new();
        for _ in 0..rounds {
            platform.stop(name).await?;
            let begin = Instant::now();
            platform.launch_with(name, &["serve", name], &[])?;
            let probe = platform.direct(*offset);
            while !is_ready(&probe).await {
                let took = begin.elapsed();
                ensure!(took < PATIENCE, "{name} is not ready after {took:?}");
                tokio::time::sleep(LOOK).await;
            }
            times.push(u64::try_from(begin.elapsed().as_millis())?);
        }
        medians.insert(*name, median(times.into_iter()));
    }
    Ok(medians)
}

/// Refused connections are answers, too: not yet.
async fn is_ready(probe: &e2e::Api) -> bool {
    probe.get("/readyz").await.is_ok()
}
