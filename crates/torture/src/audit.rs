//! What was acknowledged against what is there.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use e2e::Api;
use serde_json::Value;

use crate::orders::order;
use crate::seen::Seen;

/// How many keys are shown again, spread over all of them.
const REPEATED: usize = 1_000;
/// How many losses and doubles are named.
const NAMED: usize = 5;

/// What is there in the end.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// Payments that the platform lists.
    pub(crate) payments: u64,
    /// Acknowledged, and not listed under the same id with the same amount, or answered otherwise when asked again.
    pub(crate) lost: u64,
    /// Payments beyond the first of an order, and charges beyond those of the payments through the network.
    pub(crate) doubled: u64,
    /// Charges at the network.
    pub(crate) charged: u64,
    /// Completed payments through the network that it does not know.
    pub(crate) uncharged: u64,
    /// Keys that were shown again.
    pub(crate) repeated: u64,
    /// Some of what is wrong.
    pub(crate) examples: Vec<String>,
}

/// A payment as it is listed.
struct Listed {
    id: String,
    amount_minor: i64,
    is_charged: bool,
}

impl Audit {
    /// Lists all payments, shows keys again, and asks the network.
    pub(crate) async fn of(
        api: &Api,
        network: &Api,
        seed: u64,
        partners: &[String],
        answers: &Seen,
    ) -> Result<Self> {
        let mut audit = Self::default();
        let mut charged_here = 0_u64;
        let mut listed: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
        for payment in api.list("/v1/payments").await? {
            let reference = text(&payment, "order_reference");
            let one = Listed {
                id: text(&payment, "id"),
                amount_minor: payment
                    .get("captured_minor")
                    .and_then(Value::as_i64)
                    .unwrap_or(-1),
                is_charged: text(&payment, "connector") == "simulator",
            };
            audit.payments += 1;
            charged_here += u64::from(one.is_charged);
            listed.entry(reference).or_default().push(one);
        }
        for acknowledged in &answers.acknowledged {
            let order = order(seed, acknowledged.n, partners);
            let kept = listed.get(&order.reference).into_iter().flatten();
            let is_kept = kept.into_iter().any(|payment| {
                payment.id == acknowledged.payment_id
                    && payment.amount_minor == order.amount_minor
                    && payment.is_charged == order.is_charged
            });
            if !is_kept {
                audit.lost += 1;
                audit.name(format!(
                    "{} was {} and is not",
                    order.reference, acknowledged.payment_id
                ));
            }
        }
        for (reference, payments) in &listed {
            if payments.len() > 1 {
                audit.doubled += count(payments.len() - 1);
                audit.name(format!("{reference} was made {} times", payments.len()));
            }
        }
        audit.ask_network(network, charged_here).await?;
        audit.repeat(api, seed, partners, answers).await?;
        Ok(audit)
    }

    async fn ask_network(&mut self, network: &Api, here: u64) -> Result<()> {
        let answer = network.get("/network/v1/journal/count").await?;
        self.charged = answer
            .get("captured")
            .and_then(Value::as_u64)
            .context("the network counts")?;
        self.doubled += self.charged.saturating_sub(here);
        self.uncharged = here.saturating_sub(self.charged);
        if self.charged != here {
            self.name(format!(
                "{here} payments went through the network, which took money {} times",
                self.charged
            ));
        }
        Ok(())
    }

    /// A key that is shown again is answered as the first time.
    async fn repeat(&mut self, api: &Api, seed: u64, partners: &[String], answers: &Seen) -> Result<()> {
        let step = (answers.acknowledged.len() / REPEATED).max(1);
        for acknowledged in answers.acknowledged.iter().step_by(step) {
            let order = order(seed, acknowledged.n, partners);
            let answer = api.post("/v1/payments", &order.reference, &order.body).await?;
            ensure!(
                !answer.status.is_server_error(),
                "{} in the end: {answer:?}",
                order.reference
            );
            self.repeated += 1;
            if text(&answer.body, "id") != acknowledged.payment_id {
                self.lost += 1;
                self.name(format!(
                    "{} was {} and is {}",
                    order.reference, acknowledged.payment_id, answer.body
                ));
            }
        }
        Ok(())
    }

    fn name(&mut self, what: String) {
        if self.examples.len() < NAMED {
            self.examples.push(what);
        }
    }
}

fn text(value: &Value, field: &str) -> String {
    value
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
