//! Clients that read pages, each on a connection of its own, one page after the other.

use std::time::Instant;

use anyhow::{Result, ensure};
use bench::wire::Wire;
use e2e::Api;
use tokio::task::JoinSet;

/// How long answers took, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "units stand last in a name")]
pub struct Spread {
    pub p50_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
}

impl Spread {
    /// Of these times, in any order; zeros of none.
    pub fn of(mut took_us: Vec<u64>) -> Self {
        took_us.sort_unstable();
        let last = took_us.len().saturating_sub(1);
        let at = |percent: usize| took_us.get(last * percent / 100).copied().unwrap_or(0);
        Self {
            p50_us: at(50),
            p99_us: at(99),
            max_us: at(100),
        }
    }
}

/// Where is asked, and as whom.
pub struct Asker {
    port: u16,
    authorization: String,
}

impl Asker {
    /// Through the gateway on that port, with that API's key.
    pub fn new(port: u16, api: &Api) -> Self {
        Self {
            port,
            authorization: format!("Bearer {}", api.key()),
        }
    }

    /// A connection that is kept.
    pub async fn connect(&self) -> Result<Client> {
        Ok(Client {
            wire: Wire::connect(self.port).await?,
            authorization: self.authorization.clone(),
        })
    }

    /// Has so many clients ask for these paths in turn, `samples` times in all.
    pub async fn ask(&self, paths: &[String], clients: usize, samples: usize) -> Result<Spread> {
        let mut running = JoinSet::new();
        for number in 0..clients {
            let mut client = self.connect().await?;
            let turns = samples.div_ceil(clients);
            // Not all the same page at the same moment.
            let own: Vec<String> = paths.iter().cycle().skip(number).take(turns).cloned().collect();
            running.spawn(async move {
                let mut took_us = Vec::with_capacity(own.len());
                for path in own {
                    took_us.push(client.get(&path).await?.0);
                }
                anyhow::Ok(took_us)
            });
        }
        let mut took_us = Vec::new();
        while let Some(own) = running.join_next().await {
            took_us.extend(own??);
        }
        Ok(Spread::of(took_us))
    }
}

/// One who asks.
pub struct Client {
    wire: Wire,
    authorization: String,
}

impl Client {
    /// How long that path took in microseconds, until the whole answer was there, and its body. An error unless it is 200.
    pub async fn get(&mut self, path: &str) -> Result<(u64, &[u8])> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {}\r\n\r\n",
            self.authorization
        );
        let sent_at = Instant::now();
        let told = self.wire.exchange(request.as_bytes()).await?;
        let took_us = u64::try_from(sent_at.elapsed().as_micros())?;
        ensure!(
            told.status == 200,
            "{path} was answered with {}: {}",
            told.status,
            String::from_utf8_lossy(told.body)
        );
        Ok((took_us, told.body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_of_the_sorted() {
        let spread = Spread::of((1..=200).rev().collect());
        assert_eq!((spread.p50_us, spread.p99_us, spread.max_us), (100, 198, 200));
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }
}
