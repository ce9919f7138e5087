//! Whether memory stays as it is under a long load.

use std::time::{Duration, Instant};

use anyhow::Result;
use bench::load::Load;
use bench::processes::resident_mb;

use crate::accepted;
use crate::stage::Stage;

/// How long one look takes.
const LOOK: Duration = Duration::from_secs(15);

/// Has that many clients pay for about `length`, and prints how much memory each process holds every 15 seconds. Returns
/// how many payments were acknowledged.
pub async fn run(stage: &Stage, load: &Load, clients: u16, length: Duration) -> Result<u64> {
    let begin = Instant::now();
    let mut acknowledged = 0;
    while begin.elapsed() < length {
        let paid = load.run(clients, LOOK.min(length)).await?;
        acknowledged += accepted(&paid)?;
        let mut sizes = Vec::new();
        for name in stage.names() {
            sizes.push(format!("{name} {} MB", resident_mb(&stage.platform, name)?));
        }
        println!(
            "after {} s: {} payments/s, {}",
            begin.elapsed().as_secs(),
            paid.per_second,
            sizes.join(", ")
        );
    }
    Ok(acknowledged)
}
