//! Clients that pay over HTTP, each on a connection of its own, one request after the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use e2e::Api;
use http::StatusCode;
use tokio::task::JoinSet;

use crate::market::{Market, Through};
use crate::wire::Wire;

/// What is paid, where and by whom.
pub struct Load {
    port: u16,
    authorization: String,
    market: Arc<Market>,
    next: AtomicU64,
}

/// What came of one round.
#[derive(Default)]
pub struct Paid {
    /// Answers 201, late ones included.
    pub accepted: u64,
    /// Answers 201 within the round, per second.
    pub per_second: u64,
    /// Other answers.
    pub refused: u64,
    /// How long each of those within the round took, in microseconds, the shortest first.
    latencies_us: Vec<u64>,
    /// How many of which, with an example.
    kinds: BTreeMap<StatusCode, (u64, String)>,
}

impl Paid {
    /// How long that share of the payments took at most, in microseconds: 50 is the median.
    pub fn percentile_us(&self, percent: usize) -> u64 {
        let last = self.latencies_us.len().saturating_sub(1);
        self.latencies_us.get(last * percent / 100).copied().unwrap_or(0)
    }

    /// The answers other than 201.
    pub fn refusals(&self) -> String {
        self.kinds
            .iter()
            .fold(String::new(), |mut text, (status, (count, example))| {
                let _never = write!(text, "{count} x {status}, for example {example}; ");
                text
            })
    }
}

/// How long clients go on whose connections nothing breaks.
const LONGEST: Duration = Duration::from_mins(1);

/// What one client was told before its connection broke.
pub struct Told {
    number: u64,
    /// How many of its payments were answered with 201: the first ones.
    pub accepted: u64,
}

impl Told {
    /// The order reference of its payment with that number, from 0.
    pub fn reference(&self, turn: u64) -> String {
        reference(self.number, turn)
    }
}

/// 20 characters, as the floor's; those of one client in their order.
fn reference(number: u64, turn: u64) -> String {
    format!("o{number:08}-{turn:010}")
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    accepted: u64,
    latencies_us: Vec<u64>,
    others: Vec<(StatusCode, String)>,
}

impl Load {
    /// Payments of that market through the gateway on that port.
    pub fn new(port: u16, api: &Api, market: Market) -> Self {
        Self {
            port,
            authorization: format!("Bearer {}", api.key()),
            market: Arc::new(market),
            next: AtomicU64::new(0),
        }
    }

    /// The same, with what is sold from now on paid in that way.
    #[must_use]
    pub fn paid(self, through: Through) -> Self {
        let market = Arc::new(self.market.paid(through));
        Self { market, ..self }
    }

    /// Has that many clients pay for that long, as fast as they are answered. A payment under way at the end is waited
    /// for and counted, but not towards the rate. A connection that breaks is an error: what it acknowledged would not
    /// be known.
    pub async fn run(&self, clients: u16, length: Duration) -> Result<Paid> {
        self.go(clients, length, Duration::ZERO).await
    }

    /// The same, with `per_second` payments of all clients together, if they are answered fast enough.
    pub async fn run_at(&self, per_second: u64, clients: u16, length: Duration) -> Result<Paid> {
        let micros = u64::from(clients) * 1_000_000 / per_second.max(1);
        self.go(clients, length, Duration::from_micros(micros)).await
    }

    /// Has that many clients pay until each gets another answer than 201, or none: something is killed meanwhile.
    pub async fn run_until_broken(&self, clients: u16) -> Result<Vec<Told>> {
        let mut running = JoinSet::new();
        for _ in 0..clients {
            let client = Client {
                authorization: self.authorization.clone(),
                market: Arc::clone(&self.market),
                number: self.next.fetch_add(1, Ordering::Relaxed),
                begin: Instant::now(),
                pause: Duration::ZERO,
                end: Instant::now() + LONGEST,
            };
            let wire = Wire::connect(self.port).await?;
            running.spawn(client.pay_until_broken(wire));
        }
        let mut told = Vec::new();
        while let Some(one) = running.join_next().await {
            told.push(one??);
        }
        Ok(told)
    }

    /// Each client begins a payment every `pause`, at the soonest when the one before is answered.
    async fn go(&self, clients: u16, length: Duration, pause: Duration) -> Result<Paid> {
        let mut connections = Vec::new();
        for _ in 0..clients {
            connections.push(Wire::connect(self.port).await?);
        }
        let begin = Instant::now();
        let mut running = JoinSet::new();
        for (place, wire) in (0..).zip(connections) {
            let client = Client {
                authorization: self.authorization.clone(),
                market: Arc::clone(&self.market),
                number: self.next.fetch_add(1, Ordering::Relaxed),
                // Not all at the same moment.
                begin: begin + pause * place / u32::from(clients),
                pause,
                end: begin + length,
            };
            running.spawn(client.pay(wire));
        }
        let mut paid = Paid::default();
        while let Some(seen) = running.join_next().await {
            let seen = seen??;
            paid.accepted += seen.accepted;
            paid.latencies_us.extend(seen.latencies_us);
            for (status, body) in seen.others {
                paid.refused += 1;
                paid.kinds.entry(status).or_insert((0, body)).0 += 1;
            }
        }
        paid.latencies_us.sort_unstable();
        let in_time = u64::try_from(paid.latencies_us.len())?;
        paid.per_second = in_time * 1000 / u64::try_from(length.as_millis())?.max(1);
        Ok(paid)
    }
}

/// One client, which goes on until `end`.
struct Client {
    authorization: String,
    market: Arc<Market>,
    /// Its number among all clients of all rounds.
    number: u64,
    begin: Instant,
    pause: Duration,
    end: Instant,
}

impl Client {
    async fn pay(self, mut wire: Wire) -> Result<Seen> {
        let mut seen = Seen::default();
        let mut next_at = self.begin;
        let mut request = Vec::new();
        for turn in 0_usize.. {
            if next_at > Instant::now() {
                tokio::time::sleep_until(next_at.into()).await;
            }
            let sent_at = Instant::now();
            if sent_at >= self.end {
                break;
            }
            next_at += self.pause;
            self.write(&mut request, turn)?;
            let told = wire.exchange(&request).await?;
            if told.status == 201 {
                seen.accepted += 1;
                if Instant::now() <= self.end {
                    seen.latencies_us
                        .push(u64::try_from(sent_at.elapsed().as_micros())?);
                }
            } else {
                let text = String::from_utf8_lossy(told.body).into_owned();
                seen.others.push((StatusCode::from_u16(told.status)?, text));
            }
        }
        Ok(seen)
    }

    async fn pay_until_broken(self, mut wire: Wire) -> Result<Told> {
        let mut told = Told {
            number: self.number,
            accepted: 0,
        };
        let mut request = Vec::new();
        while Instant::now() < self.end {
            self.write(&mut request, usize::try_from(told.accepted)?)?;
            match wire.exchange(&request).await {
                Ok(answer) if answer.status == 201 => told.accepted += 1,
                _ => break,
            }
        }
        Ok(told)
    }

    /// Writes a request in place of the one before.
    fn write(&self, request: &mut Vec<u8>, turn: usize) -> Result<()> {
        use std::io::Write as _;
        let start = usize::try_from(self.number)?;
        let reference = reference(self.number, u64::try_from(turn)?);
        let body = self.market.body(&reference, start.wrapping_add(turn));
        request.clear();
        write!(
            request,
            "POST /v1/payments HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
             idempotency-key: {reference}\r\ncontent-length: {}\r\n\r\n",
            self.authorization,
            body.len()
        )?;
        request.extend_from_slice(&body);
        Ok(())
    }
}
