//! Clients that pay over HTTP, each on a connection of its own, one request after the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use e2e::Api;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::market::Market;

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
    /// How many of which, with an example.
    kinds: BTreeMap<StatusCode, (u64, String)>,
}

impl Paid {
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

/// What one client saw.
#[derive(Default)]
struct Seen {
    accepted: u64,
    in_time: u64,
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

    /// Each client begins a payment every `pause`, at the soonest when the one before is answered.
    async fn go(&self, clients: u16, length: Duration, pause: Duration) -> Result<Paid> {
        let mut connections = Vec::new();
        for _ in 0..clients {
            connections.push(self.connect().await?);
        }
        let begin = Instant::now();
        let mut running = JoinSet::new();
        for (place, sender) in (0..).zip(connections) {
            let client = Client {
                authorization: self.authorization.clone(),
                market: Arc::clone(&self.market),
                number: self.next.fetch_add(1, Ordering::Relaxed),
                // Not all at the same moment.
                begin: begin + pause * place / u32::from(clients),
                pause,
                end: begin + length,
            };
            running.spawn(client.pay(sender));
        }
        let mut paid = Paid::default();
        let mut in_time = 0;
        while let Some(seen) = running.join_next().await {
            let seen = seen??;
            paid.accepted += seen.accepted;
            in_time += seen.in_time;
            for (status, body) in seen.others {
                paid.refused += 1;
                paid.kinds.entry(status).or_insert((0, body)).0 += 1;
            }
        }
        paid.per_second = in_time * 1000 / u64::try_from(length.as_millis())?.max(1);
        Ok(paid)
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends with its sender; what goes wrong on it comes out at the request.
        tokio::spawn(async move {
            let _told_there = connection.await;
        });
        Ok(sender)
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
    async fn pay(self, mut sender: SendRequest<Full<Bytes>>) -> Result<Seen> {
        let mut seen = Seen::default();
        let mut next_at = self.begin;
        for turn in 0_usize.. {
            if next_at > Instant::now() {
                tokio::time::sleep_until(next_at.into()).await;
            }
            if Instant::now() >= self.end {
                break;
            }
            next_at += self.pause;
            let request = self.request(turn)?;
            sender.ready().await.context("a connection was closed")?;
            let answer = sender.send_request(request).await.context("no answer")?;
            let status = answer.status();
            let body = answer.into_body().collect().await?.to_bytes();
            if status == StatusCode::CREATED {
                seen.accepted += 1;
                seen.in_time += u64::from(Instant::now() <= self.end);
            } else {
                seen.others
                    .push((status, String::from_utf8_lossy(&body).into_owned()));
            }
        }
        Ok(seen)
    }

    fn request(&self, turn: usize) -> Result<Request<Full<Bytes>>> {
        let start = usize::try_from(self.number)?;
        // 20 characters, as the floor's.
        let reference = format!("o{:08}-{turn:010}", self.number);
        Ok(Request::builder()
            .method(Method::POST)
            .uri("/v1/payments")
            .header(header::HOST, "127.0.0.1")
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", &reference)
            .body(Full::new(self.market.body(&reference, start.wrapping_add(turn))))?)
    }
}
