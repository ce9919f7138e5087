//! A settlement service's database, fed with events as the bus feeds it, at a time that stands still.

use std::sync::Arc;

use crate::Error;
use crate::events::Events;
use crate::ops::price_waiting::price_waiting;
use crate::ops::request_settlements::{ByHand, request_by_hand};
use crate::store::windows::Ended;
use crate::worker::{Intake, Scheduler};
use bus::{Consumer, Handler, Outbox, OutboxLog, Record};
use chassis::ManualClock;
use chrono::{DateTime, NaiveDate, Utc};
use contracts::Event;
use contracts::events::{
    ContractChanged, DisputeChanged, DisputeState, DisputedFunds, PaymentCompleted, PaymentRefunded,
    RefundOutcome, SettlementLinesPriced,
};
use contracts::topics;
use ids::{ContractId, PartnerId};
use lease::{Lease, Term};
use once::{Answer, KeyedRequest};
use serde_json::{Value, json};
use testkit::events::{
    contract_changed, dispute_changed, dispute_goes_on, payment_completed, payment_refunded,
};
use testkit::{Database, Platform};

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A row of figures: net, count, or whatever a query asks for.
pub type Numbers = Vec<i64>;

pub struct World {
    /// Dropped with the test; none where the database is a platform's.
    _own: Option<Database>,
    outbox: Outbox,
    pub clock: Arc<ManualClock>,
    /// That of the scheduler, as one copy of the service sees it.
    pub lease: Lease,
}

fn lease(outbox: &Outbox) -> Lease {
    Lease::new(outbox.db().clone(), "scheduler", lease::Options::default())
}

impl World {
    pub async fn at(now: &str) -> Self {
        let database = Database::for_service(&crate::service()).await;
        Self {
            lease: lease(&database.outbox()),
            outbox: database.outbox(),
            _own: Some(database),
            clock: Arc::new(ManualClock::at(at(now))),
        }
    }

    /// The database of a running service, into which the test writes what its consumers would.
    pub fn in_platform(platform: &Platform, now: &str) -> Self {
        let outbox = platform.database("settlement").outbox();
        Self {
            lease: lease(&outbox),
            outbox,
            _own: None,
            clock: Arc::new(ManualClock::at(at(now))),
        }
    }

    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    pub fn now(&self) -> DateTime<Utc> {
        chassis::Clock::now(&*self.clock)
    }

    pub fn handler(&self) -> Events {
        Events::new(Arc::<ManualClock>::clone(&self.clock))
    }

    /// Hands events over in one transaction, as the bus does after its gate.
    pub async fn feed<E: Event>(&self, events: &[E]) {
        let records: Vec<Record> = events
            .iter()
            .map(|event| testkit::events::record(event, 1, self.now()))
            .collect();
        let records: Vec<&Record> = records.iter().collect();
        let mut work = self.outbox().begin().await.unwrap();
        self.handler().handle(&mut work, &records).await.unwrap();
        work.commit().await.unwrap();
    }

    pub async fn sell(&self, partner_id: PartnerId, price_minor: i64, sold_at: &str) -> PaymentCompleted {
        let payment = payment_completed(partner_id, price_minor, at(sold_at));
        self.feed(std::slice::from_ref(&payment)).await;
        payment
    }

    /// Has a part of a payment refunded, or the refund taken back.
    pub async fn refund(
        &self,
        payment: &PaymentCompleted,
        outcome: RefundOutcome,
        parts: &[(i32, i64, i64)],
        refunded_at: &str,
    ) -> PaymentRefunded {
        let refund = payment_refunded(payment, outcome, parts, at(refunded_at));
        self.feed(std::slice::from_ref(&refund)).await;
        refund
    }

    /// Has a buyer's bank take these parts of a payment.
    pub async fn dispute(
        &self,
        payment: &PaymentCompleted,
        parts: &[(i32, i64)],
        changed_at: &str,
    ) -> DisputeChanged {
        let amount = parts.iter().map(|(_, disputed)| disputed).sum();
        let (state, funds) = (DisputeState::NeedsResponse, DisputedFunds::Withdrawn);
        let dispute = dispute_changed(payment, state, funds, amount, parts, at(changed_at));
        self.feed(std::slice::from_ref(&dispute)).await;
        dispute
    }

    /// Has a dispute go on.
    pub async fn goes_on(
        &self,
        dispute: &DisputeChanged,
        state: DisputeState,
        funds: DisputedFunds,
        changed_at: &str,
    ) -> DisputeChanged {
        let next = dispute_goes_on(dispute, state, funds, at(changed_at));
        self.feed(std::slice::from_ref(&next)).await;
        next
    }

    /// What was told of the priced lines of a payment, in order.
    pub async fn told(&self, payment: &PaymentCompleted) -> Vec<SettlementLinesPriced> {
        let payloads: Vec<Value> = sqlx::query_scalar(
            "select payload from bus.outbox where topic = 'settlement-lines-priced' and aggregate = $1
              order by number",
        )
        .bind(payment.payment_id.to_string())
        .fetch_all(self.outbox.db().pool())
        .await
        .unwrap();
        payloads
            .into_iter()
            .map(|payload| serde_json::from_value(payload).unwrap())
            .collect()
    }

    /// A contract at 10 %, closed daily, with `changes` laid over its terms.
    pub async fn contract(
        &self,
        partner_id: PartnerId,
        valid_from: &str,
        changes: &Value,
    ) -> ContractChanged {
        let contract = contract(partner_id, valid_from, changes);
        self.feed(std::slice::from_ref(&contract)).await;
        contract
    }

    /// A later version of `first`.
    pub async fn version(&self, first: &ContractChanged, version: i32, valid_from: &str, changes: &Value) {
        let next = ContractChanged {
            contract_id: first.contract_id,
            version,
            ..contract(first.partner_id, valid_from, changes)
        };
        self.feed(&[next]).await;
    }

    pub async fn price_all_waiting(&self) {
        while price_waiting(&self.outbox(), self.now()).await.unwrap() {}
    }

    /// A consumer of what this database itself publishes.
    pub fn consumer(&self, topic: contracts::Topic) -> Consumer {
        let outbox = self.outbox();
        let log = Arc::new(OutboxLog::new(outbox.clone()));
        Consumer::new(log, topic, outbox, Arc::new(self.handler()))
    }

    /// A scheduler of the copy that leads.
    pub async fn scheduler(&self) -> Scheduler {
        self.scheduler_of(self.lease.take().await.unwrap().unwrap())
    }

    pub fn scheduler_of(&self, term: Term) -> Scheduler {
        let intake = Intake {
            consumers: Arc::new([
                self.consumer(topics::PAYMENT_COMPLETED),
                self.consumer(topics::PAYMENT_REFUNDED),
                self.consumer(topics::DISPUTE_CHANGED),
            ]),
        };
        Scheduler::new(
            self.outbox(),
            Arc::<ManualClock>::clone(&self.clock),
            intake,
            term,
        )
    }

    pub async fn drain(&self, topic: contracts::Topic) {
        let consumer = self.consumer(topic);
        // Until the end and not until idle: a transaction of another test holds back what may be read.
        while consumer.lag().await.unwrap() > 0 {
            consumer.step().await.unwrap();
        }
    }

    /// Requests, by hand, whatever has ended.
    pub async fn request(&self, wanted: Ended) -> Result<usize, Error> {
        let key = web::IdempotencyKey(format!("{}", ids::RequestId::generate()));
        let keyed = KeyedRequest::new(&testkit::operator(), "POST /v1/settlements", &key, &json!({}));
        let answer = |count: usize| Answer {
            status: 202,
            body: count.to_string().into_bytes(),
            subject: None,
        };
        let outbox = self.outbox();
        match request_by_hand(&outbox, &keyed, &wanted, "usr_operator", self.now(), answer).await? {
            ByHand::Answered(answer, false) => Ok(String::from_utf8(answer.body).unwrap().parse().unwrap()),
            other => panic!("{other:?}"),
        }
    }

    /// Settles whatever has ended; returns how many windows were requested.
    pub async fn settle(&self) -> usize {
        let requested = self.request(Ended::default()).await.unwrap();
        self.drain(topics::SETTLEMENT_REQUESTED).await;
        requested
    }

    pub async fn numbers(&self, sql: &'static str) -> Numbers {
        sqlx::query_scalar(sql)
            .fetch_all(self.outbox.db().pool())
            .await
            .unwrap()
    }

    pub async fn number(&self, sql: &'static str) -> i64 {
        self.numbers(sql).await[0]
    }

    pub async fn texts(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql)
            .fetch_all(self.outbox.db().pool())
            .await
            .unwrap()
    }
}

pub fn contract(partner_id: PartnerId, valid_from: &str, changes: &Value) -> ContractChanged {
    let mut terms = json!({
        "currency": "KRW", "rate_ppm": 100_000, "cycle": {"kind": "daily"}, "payout": {"days": 3},
    });
    for (name, value) in changes.as_object().unwrap() {
        terms[name] = value.clone();
    }
    ContractChanged {
        contract_id: ContractId::generate(),
        terms: serde_json::from_value(terms).unwrap(),
        ..contract_changed(partner_id, day(valid_from))
    }
}

/// Statements in the order of their windows, as `ends_on due_on earned in payable out`.
pub const STATEMENTS: &str =
    "select format('%s %s %s %s %s %s', ends_on, due_on, earned_minor, carried_in_minor,
                                            payable_minor, carried_out_minor)
                                from settlements order by ends_on, id";
