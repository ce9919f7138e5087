//! New payments under new keys, written in one statement with their keys, answers, means and events.

use std::collections::HashSet;
use std::time::Duration;

use bus::{FirstEvents, Statement};
use chrono::{DateTime, Utc};
use ids::PaymentId;
use once::{Answer, KeyedRequest};
use sqlx::PgConnection;

use super::payment_methods::Means;
use super::payments::{Columns, origin_word};
use crate::domain::amounts::line_amounts;
use crate::domain::{Payment, Transaction};

/// A payment that is to be written.
pub struct Draft<'a> {
    /// Under which key it was asked for.
    pub key: &'a KeyedRequest,
    /// The payment.
    pub payment: Payment,
    /// What is answered under that key; none as long as a connector has to be asked.
    pub answer: Option<Answer>,
}

/// The statement. No two of `drafts` share a key or an order reference.
pub struct Writing<'a> {
    /// The payments.
    pub drafts: &'a [Draft<'a>],
    /// Their operations.
    pub operations: &'a [Transaction],
    /// What they are paid by, where a connector knows that by a token.
    pub means: &'a Means,
    /// The fact that each of them is completed, in their order; none where they are not.
    pub events: &'a FirstEvents,
    /// The status of every answer.
    pub status: u16,
    /// How long a key that has no answer stays claimed.
    pub lease: Duration,
    /// When it all happens.
    pub now: DateTime<Utc>,
}

impl Statement for Writing<'_> {
    /// The payments that were written: the others' keys were used before, or their order references belong to payments
    /// that have not failed.
    type Output = HashSet<PaymentId>;

    async fn run(self, conn: &mut PgConnection) -> Result<HashSet<PaymentId>, sqlx::Error> {
        let drafts = Columns(self.drafts);
        let tenders: Vec<_> = self
            .drafts
            .iter()
            .flat_map(|d| d.payment.tenders.iter().map(move |t| (&d.payment, t)))
            .collect();
        let tenders = Columns(&tenders);
        let means = Columns(self.means.added());
        let operations = Columns(self.operations);
        // Orders were checked, so their lines have amounts.
        let lines: Vec<_> = self
            .drafts
            .iter()
            .flat_map(|d| {
                d.payment
                    .lines
                    .iter()
                    .map(move |l| (d.payment.id.as_uuid(), &l.line, line_amounts(&l.line).ok()))
            })
            .collect();
        let lines = Columns(&lines);
        let discounts = lines
            .of(|(_, l, _)| match l.discounts.as_slice() {
                [] => Ok("[]".to_owned()),
                discounts => serde_json::to_string(discounts),
            })
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        let status = i16::try_from(self.status).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        let written = sqlx::query_file_scalar!(
            "src/store/write.sql",
            &drafts.of(|d| d.payment.id.as_uuid()),
            &drafts.of(|d| d.payment.caller.as_str()) as &[&str],
            &drafts.of(|d| d.payment.order_reference.as_str()) as &[&str],
            &drafts.of(|d| d.payment.currency.as_str()) as &[&str],
            &drafts.of(|d| origin_word(d.payment.connector.origin())) as &[&str],
            &drafts.of(|d| d.payment.connector.as_str()) as &[&str],
            &drafts.of(|d| d.payment.capture.as_str()) as &[&str],
            &drafts.of(|d| d.payment.status.as_str()) as &[&str],
            &drafts.of(|d| d.payment.owed_minor),
            &drafts.of(|d| d.payment.amount_minor),
            &drafts.of(|d| d.payment.captured_minor),
            &drafts.of(|d| d.payment.sold_at),
            &drafts.of(|d| d.payment.return_url.as_deref()) as &[Option<&str>],
            &drafts.of(|d| d.key.scope.as_slice()) as &[&[u8]],
            &drafts.of(|d| d.key.fingerprint.as_slice()) as &[&[u8]],
            &drafts.of(|d| d.payment.id.to_string()),
            &drafts.of(|d| d.answer.as_ref().map(|a| a.body.as_slice())) as &[Option<&[u8]>],
            &self.events.topics as &[&str],
            &self.events.aggregates,
            &self.events.payloads,
            &self.events.trace_parents,
            status,
            self.now,
            self.now + self.lease,
            &tenders.of(|(payment, _)| payment.id.as_uuid()),
            &tenders.of(|(_, t)| t.number),
            &tenders.of(|(_, t)| t.id.as_uuid()),
            &tenders.of(|(_, t)| t.kind.as_str()) as &[&str],
            &tenders.of(|(payment, t)| self.means.of(payment, t)) as &[Option<uuid::Uuid>],
            &tenders.of(|(_, t)| t.amounts.amount_minor),
            &tenders.of(|(_, t)| t.amounts.authorized_minor),
            &tenders.of(|(_, t)| t.amounts.captured_minor),
            &tenders.of(|(_, t)| Some(t.refund_rank).filter(|rank| *rank != t.number)) as &[Option<i32>],
            &means.of(|(id, _)| id.as_uuid()),
            &means.of(|(_, (caller, ..))| caller.as_str()) as &[&str],
            &means.of(|(_, (_, connector, ..))| *connector) as &[&str],
            &means.of(|(_, (_, _, kind, _))| *kind) as &[&str],
            &means.of(|(_, (.., token))| token.as_str()) as &[&str],
            &operations.of(|o| o.id.as_uuid()),
            &operations.of(|o| o.payment_id.as_uuid()),
            &operations.of(|o| o.tender_number),
            &operations.of(|o| o.operation.as_str()) as &[&str],
            &operations.of(|o| o.state.as_str()) as &[&str],
            &operations.of(|o| o.amount_minor),
            &operations.of(|o| o.connector_key.as_deref()) as &[Option<&str>],
            &operations.of(|o| o.due_at) as &[Option<DateTime<Utc>>],
            &lines.of(|(payment, ..)| *payment),
            &lines.of(|(_, l, _)| l.line_number),
            &lines.of(|(_, l, _)| l.partner_id.as_uuid()),
            &lines.of(|(_, l, _)| l.category.as_str()) as &[&str],
            &lines.of(|(_, l, _)| l.unit_price_minor),
            &lines.of(|(_, l, _)| l.quantity),
            &lines.of(|(_, l, _)| l.shipping_minor),
            &lines.of(|(_, l, _)| l.tax_free_minor),
            &lines.of(|(.., a)| a.as_ref().map_or(0, |a| a.partner_discount)),
            &lines.of(|(.., a)| a.as_ref().map_or(0, |a| a.platform_discount)),
            &discounts
        )
        .fetch_all(conn)
        .await?;
        Ok(written.into_iter().flatten().map(PaymentId::from_uuid).collect())
    }
}
