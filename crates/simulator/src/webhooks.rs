//! Tells the payment service what has changed, at least once, and in order for each charge.

mod lane;
mod signature;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use chassis::{Clock, Peers};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::event::Event;
use crate::journal::Journal;
use crate::line::{Line, Note, Step};
use lane::{Delivery, Lane, Progress};
pub(crate) use signature::Secret;

/// Who is told.
const RECEIVER: &str = "payment";
const PATH: &str = "/v1/webhooks/simulator";

/// How long the receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Deliveries at the same time, each of another charge.
const FLIGHTS: usize = 16;

/// Delivers until `stop`, beginning with what was not acknowledged before the start.
pub(crate) async fn run(sender: Sender, journal: Journal, stop: CancellationToken) {
    let mut changes = journal.changes();
    let mut courier = Courier {
        sender: Arc::new(sender),
        journal,
        lanes: HashMap::new(),
        seen: 0,
        flights: JoinSet::new(),
    };
    loop {
        changes.borrow_and_update();
        courier.take_in();
        let next = courier.depart();
        tokio::select! {
            () = stop.cancelled() => return,
            written = changes.changed() => if written.is_err() { return },
            Some(landed) = courier.flights.join_next() => {
                if let Ok((charge_id, progress)) = landed {
                    courier.land(&charge_id, progress);
                }
            }
            () = until(next) => {}
        }
    }
}

async fn until(next: Option<Instant>) {
    match next {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The one task that owns all deliveries.
struct Courier {
    sender: Arc<Sender>,
    journal: Journal,
    lanes: HashMap<String, Lane>,
    /// The number of the last event that was put into a lane.
    seen: u64,
    flights: JoinSet<(String, Progress)>,
}

impl Courier {
    /// Puts new events into the lanes of their charges.
    fn take_in(&mut self) {
        let fresh: Vec<_> = self.journal.read(|ledger| {
            let events = ledger.events_after(self.seen);
            events
                .map(|(number, event)| (number, Arc::new(event.clone())))
                .collect()
        });
        for (number, event) in fresh {
            self.seen = number;
            let lane = self.lanes.entry(event.charge_id.clone()).or_default();
            lane.push(event);
        }
    }

    /// Sends what may go; gives the time when more may, unless that depends on what is under way.
    fn depart(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let mut next: Option<Instant> = None;
        for (charge_id, lane) in &mut self.lanes {
            if self.flights.len() >= FLIGHTS {
                return None;
            }
            match lane.depart(now) {
                Some(Ok(delivery)) => {
                    let (sender, journal) = (Arc::clone(&self.sender), self.journal.clone());
                    let charge_id = charge_id.clone();
                    self.flights.spawn(async move {
                        let progress = fly(&sender, &journal, &delivery).await;
                        (charge_id, progress)
                    });
                }
                Some(Err(later)) => next = Some(next.map_or(later, |next| next.min(later))),
                None => {}
            }
        }
        next
    }

    fn land(&mut self, charge_id: &str, progress: Progress) {
        if let Some(lane) = self.lanes.get_mut(charge_id) {
            lane.land(progress, Instant::now());
            if lane.is_empty() {
                self.lanes.remove(charge_id);
            }
        }
    }
}

/// One delivery. An event is done when its acknowledgement is on disk.
async fn fly(sender: &Sender, journal: &Journal, delivery: &Delivery) -> Progress {
    if !sender.send(delivery).await || delivery.is_spoilt {
        return Progress::Failed;
    }
    if !delivery.is_last {
        return Progress::Delivered;
    }
    let event_id = delivery.event.id.clone();
    let acknowledged = Line::note(Note::Acknowledged { event_id });
    match journal.write(|_, _| Step::one(acknowledged, ())).await {
        Ok(()) => Progress::Done,
        Err(_) => Progress::Failed,
    }
}

/// Signs and sends.
pub(crate) struct Sender {
    pub(crate) peers: Peers,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) secret: Secret,
}

impl Sender {
    /// Whether it was answered with any 2xx.
    async fn send(&self, delivery: &Delivery) -> bool {
        let event: &Event = &delivery.event;
        let Ok(body) = serde_json::to_vec(event) else {
            return false;
        };
        let timestamp = self.clock.now().timestamp().to_string();
        let signature = if delivery.is_spoilt {
            Secret::wrong().sign(&event.id, &timestamp, &body)
        } else {
            self.secret.sign(&event.id, &timestamp, &body)
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(PATH)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(Body::from(body));
        let Ok(request) = request else { return false };
        let answered = tokio::time::timeout(PATIENCE, self.peers.pass(RECEIVER, None, request)).await;
        let failure = match answered {
            Ok(Ok(answer)) if answer.status().is_success() => return true,
            Ok(Ok(answer)) => answer.status().to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {PATIENCE:?}"),
        };
        // Where no payment service runs this is not worth anyone's attention.
        tracing::debug!(event = event.id, failure, "a webhook was not taken");
        false
    }
}
