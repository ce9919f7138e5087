//! Orders become payments that were taken elsewhere.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contracts::events::TenderKind;
use futures::stream::{self, StreamExt};
use money::Currency;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::answer::{Indexed, Problem, Results};
use super::client::Client;
use super::progress::Progress;
use super::{Cargo, PartnerIds};
use crate::{ImportError, Order, Refusal, Summary};

const PATH: &str = "/v1/payments/batch";

#[derive(Serialize)]
struct Batch<'a> {
    payments: Vec<NewPayment<'a>>,
}

#[derive(Serialize)]
struct NewPayment<'a> {
    order_reference: &'a str,
    currency: Currency,
    lines: Vec<NewLine<'a>>,
    tenders: Vec<NewTender>,
    connector: &'static str,
    capture: &'static str,
    sold_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct NewLine<'a> {
    partner_id: &'a str,
    category: &'a str,
    unit_price_minor: i64,
    quantity: i32,
    shipping_minor: i64,
    tax_free_minor: i64,
    discounts: [(); 0],
}

#[derive(Serialize)]
struct NewTender {
    kind: TenderKind,
    amount_minor: i64,
}

impl<'a> NewPayment<'a> {
    /// The payment of an order; if one of its sellers is no partner, that seller.
    fn of(order: &'a Order, currency: Currency, ids: &'a PartnerIds) -> Result<Self, &'a Arc<str>> {
        let line = |line: &'a crate::Line| {
            Ok(NewLine {
                partner_id: ids.get(&line.seller).ok_or(&line.seller)?,
                category: &line.category,
                unit_price_minor: line.price_minor,
                quantity: 1,
                shipping_minor: line.freight_minor,
                tax_free_minor: 0,
                discounts: [],
            })
        };
        Ok(Self {
            order_reference: &order.reference,
            currency,
            lines: order.lines.iter().map(line).collect::<Result<_, _>>()?,
            tenders: order
                .tenders
                .iter()
                .map(|tender| NewTender {
                    kind: tender.kind,
                    amount_minor: tender.amount_minor,
                })
                .collect(),
            connector: "external",
            capture: "automatic",
            sold_at: order.sold_at,
        })
    }
}

#[derive(Deserialize)]
struct PaymentResult {
    index: usize,
    status: u16,
    problem: Option<Problem>,
}

impl Indexed for PaymentResult {
    fn index(&self) -> usize {
        self.index
    }
}

/// What became of an order.
enum Fate {
    New,
    Existing,
    Refused(String),
}

/// Sends the orders, several batches at once.
pub(crate) async fn send(
    cargo: &Cargo<'_>,
    client: &Client,
    ids: &PartnerIds,
    progress: &Progress,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    progress.begin_orders();
    let batches = cargo.checked.orders.chunks(cargo.batch_size.max(1));
    let mut answers = stream::iter(batches)
        .map(|orders| one_batch(client, cargo.currency, ids, orders))
        .buffer_unordered(client.pace.in_flight.max(1));
    while let Some(fates) = answers.next().await {
        let fates = fates?;
        progress.advance(fates.len());
        for (order, fate) in fates {
            record(order, fate, summary);
        }
    }
    Ok(())
}

fn record(order: &Order, fate: Fate, summary: &mut Summary) {
    match fate {
        Fate::New => summary.counts.orders_new += 1,
        Fate::Existing => summary.counts.orders_existing += 1,
        Fate::Refused(reason) => {
            summary.counts.orders_refused += 1;
            summary.refuse(Refusal {
                what: "order",
                reference: order.reference.clone(),
                reason,
            });
            return;
        }
    }
    summary.recorded.add(order);
}

/// Sends some orders until each has its fate. Single ones that may be answered otherwise in a moment are sent again
/// as a batch of their own: a partner that was just made, for example, is known to other services a moment later.
async fn one_batch<'a>(
    client: &Client,
    currency: Currency,
    ids: &PartnerIds,
    orders: &'a [Order],
) -> Result<Vec<(&'a Order, Fate)>, ImportError> {
    let began = Instant::now();
    let mut fates = Vec::with_capacity(orders.len());
    let mut pending: Vec<&Order> = orders.iter().collect();
    let mut attempt = 0;
    loop {
        let (mut sent, mut payments) = (Vec::with_capacity(pending.len()), Vec::new());
        for order in pending {
            match NewPayment::of(order, currency, ids) {
                Ok(payment) => {
                    sent.push(order);
                    payments.push(payment);
                }
                Err(seller) => fates.push((order, Fate::Refused(format!("its seller {seller} was refused")))),
            }
        }
        if sent.is_empty() {
            return Ok(fates);
        }
        let reply = client.post(PATH, &Batch { payments }, attempt).await?;
        let results: Results<PaymentResult> = reply.success()?;
        let results = results
            .in_order(sent.len())
            .map_err(|reason| reply.malformed(reason))?;
        let wait = client.pace.wait(attempt);
        let may_repeat = began.elapsed() + wait <= client.pace.catch_up;
        pending = Vec::new();
        for (order, result) in sent.into_iter().zip(results) {
            match fate(result, reply.of_earlier_run) {
                Err(_) if may_repeat => pending.push(order),
                Ok(fate) => fates.push((order, fate)),
                Err(problem) => fates.push((order, Fate::Refused(problem.text()))),
            }
        }
        if pending.is_empty() {
            return Ok(fates);
        }
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

/// What a result means; an error may be answered otherwise in a moment.
fn fate(result: PaymentResult, of_earlier_run: bool) -> Result<Fate, Problem> {
    let problem = result.problem.unwrap_or_default();
    match (result.status, problem.code.as_str()) {
        (200..=299, _) if of_earlier_run => Ok(Fate::Existing),
        (200..=299, _) => Ok(Fate::New),
        (409, "already_exists") => Ok(Fate::Existing),
        (429 | 502..=504, _)
        | (
            _,
            "unknown_partner" | "currency_not_contracted" | "request_in_progress" | "unavailable" | "timeout",
        ) => Err(problem),
        _ => Ok(Fate::Refused(problem.text())),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use contracts::events::TenderKind;
    use money::Currency;
    use serde_json::json;

    use super::{NewPayment, PartnerIds};
    use crate::{Line, Order, Tender};

    #[test]
    fn an_order_becomes_a_payment_taken_elsewhere() {
        let order = Order {
            reference: "o1".to_owned(),
            sold_at: DateTime::parse_from_rfc3339("2017-05-03T14:05:00Z")
                .unwrap()
                .to_utc(),
            lines: vec![Line {
                number: 1,
                seller: "s1".into(),
                category: "pet_shop".into(),
                price_minor: 23_990,
                freight_minor: 1_993,
            }],
            tenders: vec![
                Tender {
                    sequence: 1,
                    kind: TenderKind::Card,
                    amount_minor: 25_000,
                },
                Tender {
                    sequence: 2,
                    kind: TenderKind::BankTransfer,
                    amount_minor: 983,
                },
            ],
        };
        let ids = PartnerIds::from([("s1".into(), "ptn_1".to_owned())]);
        let payment = NewPayment::of(&order, Currency::BRL, &ids).ok().unwrap();
        assert_eq!(
            serde_json::to_value(&payment).unwrap(),
            json!({
                "order_reference": "o1",
                "currency": "BRL",
                "lines": [{
                    "partner_id": "ptn_1", "category": "pet_shop", "unit_price_minor": 23_990, "quantity": 1,
                    "shipping_minor": 1_993, "tax_free_minor": 0, "discounts": [],
                }],
                "tenders": [
                    { "kind": "card", "amount_minor": 25_000 },
                    { "kind": "bank_transfer", "amount_minor": 983 },
                ],
                "connector": "external",
                "capture": "automatic",
                "sold_at": "2017-05-03T14:05:00Z",
            })
        );
        assert_eq!(
            NewPayment::of(&order, Currency::BRL, &PartnerIds::new())
                .err()
                .map(|s| &**s),
            Some("s1")
        );
    }
}
