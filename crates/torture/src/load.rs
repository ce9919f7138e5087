//! Clients that pay until they are told to stop, and repeat whatever was not answered clearly.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use e2e::{Answer, Api};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::fault::Clients;
use crate::orders::{Order, order};
use crate::seen::{Acknowledged, Seen, lock};

/// How long a client waits for an answer before it asks again, elsewhere if it can.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it goes on asking after the load has ended.
const LAST_PATIENCE: Duration = Duration::from_mins(3);
/// The pause before the first repeat, and the longest one.
const BACK_OFF: Duration = Duration::from_millis(50);
const MAX_BACK_OFF: Duration = Duration::from_secs(1);
/// How often a partner gets another name, so that there are aggregates with many events.
const RENAME_PERIOD: Duration = Duration::from_millis(200);

/// Clients at work.
pub(crate) struct Load {
    shop: Arc<Shop>,
    clients: JoinSet<()>,
}

/// What clients share.
struct Shop {
    seed: u64,
    /// The doors of the platform. A client stays at one as long as it is answered there.
    gateways: Vec<Api>,
    partners: Vec<String>,
    next: AtomicU64,
    pace: Option<Pace>,
    closed: AtomicBool,
    deadline: Mutex<Option<Instant>>,
    seen: Mutex<Seen>,
}

/// One start after the other. What was missed while all clients waited is not made up for: the rate is a limit.
struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    async fn turn(&self) {
        let turn = {
            let mut next = self
                .next
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let turn = (*next).max(Instant::now());
            *next = turn + self.interval;
            turn
        };
        sleep_until(turn).await;
    }
}

impl Load {
    /// Begins.
    pub(crate) fn start(
        seed: u64,
        rate: u64,
        clients: Clients,
        gateways: Vec<Api>,
        partners: Vec<String>,
    ) -> Self {
        let pace = clients.is_paced.then(|| Pace {
            interval: Duration::from_micros(1_000_000 / rate.max(1)),
            next: Mutex::new(Instant::now()),
        });
        let shop = Arc::new(Shop {
            seed,
            gateways,
            partners,
            next: AtomicU64::new(0),
            pace,
            closed: AtomicBool::new(false),
            deadline: Mutex::default(),
            seen: Mutex::default(),
        });
        let mut running = JoinSet::new();
        for client in 0..usize::from(clients.count) {
            running.spawn(pay(Arc::clone(&shop), client));
        }
        running.spawn(rename(Arc::clone(&shop)));
        Self {
            shop,
            clients: running,
        }
    }

    /// How many payments were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> usize {
        lock(&self.shop.seen).acknowledged.len()
    }

    /// No new payments from now on.
    pub(crate) fn close(&self) {
        self.shop.closed.store(true, Ordering::Relaxed);
        let mut deadline = self
            .shop
            .deadline
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *deadline = Some(Instant::now() + LAST_PATIENCE);
    }

    /// Waits until each client has its last answer; what they saw.
    pub(crate) async fn finish(mut self) -> Result<Seen> {
        while let Some(ended) = self.clients.join_next().await {
            ended?;
        }
        let seen = lock(&self.shop.seen).clone();
        Ok(seen)
    }
}

impl Shop {
    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn gives_up(&self) -> bool {
        let deadline = self
            .deadline
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Notes what came of a request; whether its client is done with it.
    fn note(&self, n: u64, order: &Order, word: Word) -> bool {
        let at = Instant::now();
        let mut seen = lock(&self.seen);
        match word {
            Word::Acknowledged(payment_id) => {
                seen.acknowledged.push(Acknowledged { n, payment_id, at });
                return true;
            }
            Word::Refused(why) => {
                seen.refused.push(format!("{}: {why}", order.reference));
                return true;
            }
            Word::InProgress => seen.in_progress += 1,
            Word::Error(kind) => seen.error(&kind),
        }
        if self.gives_up() {
            seen.unanswered.push(n);
            return true;
        }
        seen.repeats += 1;
        false
    }

    fn gateway(&self, place: usize) -> Option<&Api> {
        let count = self.gateways.len().max(1);
        self.gateways.get(place % count)
    }
}

/// One client: pays one order after the other.
async fn pay(shop: Arc<Shop>, client: usize) {
    let mut place = client;
    while !shop.is_closed() {
        if let Some(pace) = &shop.pace {
            pace.turn().await;
        }
        let n = shop.next.fetch_add(1, Ordering::Relaxed);
        let order = order(shop.seed, n, &shop.partners);
        lock(&shop.seen).begun += 1;
        until_answered(&shop, &mut place, n, &order).await;
    }
}

async fn until_answered(shop: &Shop, place: &mut usize, n: u64, order: &Order) {
    let mut back_off = BACK_OFF;
    while let Some(gateway) = shop.gateway(*place) {
        let asked = timeout(
            PATIENCE,
            gateway.post("/v1/payments", &order.reference, &order.body),
        );
        let word = Word::of(asked.await.ok());
        if matches!(word, Word::Error(_)) {
            *place += 1;
        }
        if shop.note(n, order, word) {
            return;
        }
        sleep(back_off).await;
        back_off = (back_off * 2).min(MAX_BACK_OFF);
    }
}

/// What an exchange says about the payment.
enum Word {
    Acknowledged(String),
    /// The first request with the key is still being worked on.
    InProgress,
    /// For good.
    Refused(String),
    /// The payment may have been made or not.
    Error(String),
}

impl Word {
    fn of(exchange: Option<Result<Answer>>) -> Self {
        match exchange {
            None => Self::Error("no answer".to_owned()),
            Some(Err(_)) => Self::Error("connection".to_owned()),
            Some(Ok(answer)) if answer.status.is_success() => {
                let id = answer.body.get("id").and_then(Value::as_str);
                id.map_or_else(
                    || Self::Refused(format!("an answer without an id: {}", answer.body)),
                    |id| Self::Acknowledged(id.to_owned()),
                )
            }
            Some(Ok(answer)) if answer.code() == "request_in_progress" => Self::InProgress,
            Some(Ok(answer)) if answer.status.is_server_error() => {
                Self::Error(format!("{} {}", answer.status.as_u16(), answer.code()))
            }
            Some(Ok(answer)) => Self::Refused(format!("{}: {}", answer.status, answer.body)),
        }
    }
}

/// Gives partner after partner another name. A change that was not answered is not asked for again: the next one says
/// the same.
async fn rename(shop: Arc<Shop>) {
    let mut place = 0_usize;
    let mut count = 0_usize;
    while !shop.is_closed() && !shop.partners.is_empty() {
        sleep(RENAME_PERIOD).await;
        let (Some(gateway), Some(partner)) = (
            shop.gateway(place),
            shop.partners.get(count % shop.partners.len()),
        ) else {
            return;
        };
        count += 1;
        let path = format!("/v1/partners/{partner}");
        let name = json!({ "name": format!("name {count}") });
        let asked = timeout(
            PATIENCE,
            gateway.send(Method::PATCH, &path, None, Some(&name), &[]),
        )
        .await;
        let mut seen = lock(&shop.seen);
        match asked {
            Ok(Ok(answer)) if answer.status.is_success() => seen.renamed += 1,
            Ok(Ok(answer)) => seen.error(&format!("{} {} (partner)", answer.status.as_u16(), answer.code())),
            Ok(Err(_)) | Err(_) => {
                seen.error("connection (partner)");
                place += 1;
            }
        }
    }
}
