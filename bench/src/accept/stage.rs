//! Which processes the platform is made of while it is measured.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bench::market::Through;
use bench::processes::{Used, used};
use e2e::{Api, Mode, PORTS, Platform, eventually, within};

/// Gateway and payment service in one process, with what they ask: who calls, and who may sell.
const ONE: &[&[&str]] = &[&["gateway", "payment", "user", "partner"]];
/// Each by itself.
const SPLIT: &[&[&str]] = &[&["user"], &["partner"], &["payment"], &["gateway"]];
/// The same with the card network.
const ONE_WITH_SIMULATOR: &[&[&str]] = &[&["gateway", "payment", "user", "partner", "simulator"]];
const SPLIT_WITH_SIMULATOR: &[&[&str]] = &[
    &["user"],
    &["partner"],
    &["payment"],
    &["gateway"],
    &["simulator"],
];
/// Those who hear of payments, in a process of their own.
const CONSUMERS: &[&str] = &["settlement", "accounting", "notification", "reporting"];

/// How long those who hear of payments may take for all that there are, at the end of a long load.
const CATCHING_UP: Duration = Duration::from_mins(10);

/// A platform, with or without those who hear of payments.
pub struct Stage {
    pub platform: Platform,
    parts: &'static [&'static [&'static str]],
    has_consumers: bool,
}

impl Stage {
    /// Starts it on a fresh data folder.
    pub async fn start(split: bool, consumers: bool, through: Through) -> Result<Self> {
        let parts = match (split, through) {
            (false, Through::External) => ONE,
            (true, Through::External) => SPLIT,
            (false, Through::Simulator) => ONE_WITH_SIMULATOR,
            (true, Through::Simulator) => SPLIT_WITH_SIMULATOR,
        };
        let mut stage = Self {
            platform: Platform::start(Mode::Parts(parts)).await?,
            parts,
            has_consumers: false,
        };
        if consumers {
            stage.start_consumers().await?;
        }
        Ok(stage)
    }

    /// Processor time of every process so far.
    pub fn used(&self) -> Result<Used> {
        used(&self.platform, self.names())
    }

    /// What the processes are called.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let consumers = CONSUMERS.first().filter(|_| self.has_consumers);
        let parts = self.parts.iter().filter_map(|services| services.first());
        parts.chain(consumers).copied()
    }

    /// What the process of the payment service is called.
    pub fn payment(&self) -> &'static str {
        let parts = self.parts.iter().find(|services| services.contains(&"payment"));
        parts
            .and_then(|services| services.first())
            .copied()
            .unwrap_or("payment")
    }

    /// Starts those who hear of payments, if they do not run, and waits until none is behind.
    pub async fn consume(&mut self, api: &Api) -> Result<()> {
        self.start_consumers().await?;
        within(CATCHING_UP, "the payments to be priced", || async {
            let status = api.get("/v1/settlement-status").await?;
            let lag = status.get("payments_lag").and_then(serde_json::Value::as_i64);
            ensure!(lag.is_some(), "settlement-status has no payments_lag: {status}");
            Ok((lag == Some(0)).then_some(()))
        })
        .await
    }

    async fn start_consumers(&mut self) -> Result<()> {
        if self.has_consumers {
            return Ok(());
        }
        self.platform.serve(CONSUMERS)?;
        for name in CONSUMERS {
            let (_, offset) = PORTS
                .iter()
                .find(|(service, _)| service == name)
                .context("every service has a port")?;
            let probe = self.platform.direct(*offset);
            eventually(&format!("{name} to be ready"), || async {
                probe.get("/readyz").await.map(Some)
            })
            .await?;
        }
        self.has_consumers = true;
        Ok(())
    }
}

/// Processor time between two moments, in microseconds a payment, by process.
pub fn spent(before: &Used, after: &Used, payments: u64) -> String {
    let mut text = String::new();
    for (name, after_ms) in after {
        let before_ms = before.get(name).copied().unwrap_or(0);
        let micros = after_ms.saturating_sub(before_ms) * 1_000 / payments.max(1);
        let comma = if text.is_empty() { "" } else { ", " };
        let _never = write!(text, "{comma}{name} {micros}");
    }
    text
}
