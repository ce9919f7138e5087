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

    /// Has that many clients pay for that long. A payment under way at the end is waited for and counted, but not
    /// towards the rate. A connection that breaks is an error: what it acknowledged would not be known.
    pub async fn run(&self, clients: u16, length: Duration) -> Result<Paid> {
        let mut connections = Vec::new();
        for _ in 0..clients {
            connections.push(self.connect().await?);
        }
        let end = Instant::now() + length;
        let mut running = JoinSet::new();
        for sender in connections {
            let first = self.next.fetch_add(1, Ordering::Relaxed);
            running.spawn(pay(
                sender,
                self.authorization.clone(),
                Arc::clone(&self.market),
                first,
                end,
            ));
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

/// One client, which goes on until `end`. `client` is its number among all clients of all rounds.
async fn pay(
    mut sender: SendRequest<Full<Bytes>>,
    authorization: String,
    market: Arc<Market>,
    client: u64,
    end: Instant,
) -> Result<Seen> {
    let mut seen = Seen::default();
    let start = usize::try_from(client)?;
    for turn in 0_usize.. {
        if Instant::now() >= end {
            break;
        }
        // 20 characters, as the floor's.
        let reference = format!("o{client:08}-{turn:010}");
        let request = Request::builder()
            .method(Method::POST)
            .uri("/v1/payments")
            .header(header::HOST, "127.0.0.1")
            .header(header::AUTHORIZATION, &authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", &reference)
            .body(Full::new(market.body(&reference, start.wrapping_add(turn))))?;
        sender.ready().await.context("a connection was closed")?;
        let answer = sender.send_request(request).await.context("no answer")?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status == StatusCode::CREATED {
            seen.accepted += 1;
            seen.in_time += u64::from(Instant::now() <= end);
        } else {
            seen.others
                .push((status, String::from_utf8_lossy(&body).into_owned()));
        }
    }
    Ok(seen)
}
