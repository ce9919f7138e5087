//! Rows of new payments, as statements take them: an array of rows for each table, and not one for each column. What a
//! parameter costs the server, it costs however many rows there are.
//!
//! The types are those of the migrations `new_rows` and, for lines, `new_lines_are_told`, column by column; the server refuses
//! a row that is not of its type.

use std::borrow::Cow;
use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};
use uuid::Uuid;

use super::payment_methods::Means;
use super::payments::origin_word;
use super::writing::Draft;
use crate::domain::amounts::line_amounts;
use crate::domain::{Payment, Tender, Transaction};

/// A row of `payments`, without the times of its making.
#[derive(Encode)]
pub(super) struct NewPayment<'a> {
    payment_id: Uuid,
    caller: &'a str,
    order_reference: &'a str,
    currency: &'a str,
    origin: &'a str,
    connector: &'a str,
    capture: &'a str,
    status: &'a str,
    owed_minor: i64,
    amount_minor: i64,
    captured_minor: i64,
    sold_at: DateTime<Utc>,
    return_url: Option<&'a str>,
}

impl<'a> From<&'a Payment> for NewPayment<'a> {
    fn from(payment: &'a Payment) -> Self {
        Self {
            payment_id: payment.id.as_uuid(),
            caller: &payment.caller,
            order_reference: &payment.order_reference,
            currency: payment.currency.as_str(),
            origin: origin_word(payment.connector.origin()),
            connector: payment.connector.as_str(),
            capture: payment.capture.as_str(),
            status: payment.status.as_str(),
            owed_minor: payment.owed_minor,
            amount_minor: payment.amount_minor,
            captured_minor: payment.captured_minor,
            sold_at: payment.sold_at,
            return_url: payment.return_url.as_deref(),
        }
    }
}

/// A row of `once.keys`, and one of `bus.outbox`: the first fact of the same payment, where there is one yet.
#[derive(Encode)]
pub(super) struct NewKey<'a> {
    scope: &'a [u8],
    fingerprint: &'a [u8],
    subject: String,
    answer: Option<&'a [u8]>,
    topic: Option<&'a str>,
    aggregate: Option<&'a str>,
    event: Option<&'a str>,
    trace_parent: Option<&'a str>,
}

impl<'a> From<&'a Draft<'_>> for NewKey<'a> {
    fn from(draft: &'a Draft<'_>) -> Self {
        let event = draft.event.as_ref();
        Self {
            scope: &draft.key.scope,
            fingerprint: &draft.key.fingerprint,
            subject: draft.payment.id.to_string(),
            answer: draft.answer.as_ref().map(|answer| answer.body.as_slice()),
            topic: event.map(|event| event.topic),
            aggregate: event.map(|event| event.aggregate.as_str()),
            event: event.map(|event| event.payload.as_str()),
            trace_parent: event.map(|event| event.trace_parent.as_str()),
        }
    }
}

/// A row of `tenders`.
#[derive(Encode)]
pub(super) struct NewTender<'a> {
    payment_id: Uuid,
    number: i32,
    tender_id: Uuid,
    kind: &'a str,
    payment_method_id: Option<Uuid>,
    amount_minor: i64,
    authorized_minor: i64,
    captured_minor: i64,
    refund_rank: Option<i32>,
}

impl NewTender<'_> {
    /// Those of a payment. `means` says by which of the table `payment_methods` each is paid.
    pub(super) fn of(
        payment: &Payment,
        means: impl Fn(&Tender) -> Option<Uuid>,
    ) -> impl Iterator<Item = NewTender<'_>> {
        payment.tenders.iter().map(move |tender| NewTender {
            payment_id: payment.id.as_uuid(),
            number: tender.number,
            tender_id: tender.id.as_uuid(),
            kind: tender.kind.as_str(),
            payment_method_id: means(tender),
            amount_minor: tender.amounts.amount_minor,
            authorized_minor: tender.amounts.authorized_minor,
            captured_minor: tender.amounts.captured_minor,
            refund_rank: Some(tender.refund_rank).filter(|rank| *rank != tender.number),
        })
    }
}

/// A row of `payment_methods`, of what was seen in payments only.
#[derive(Encode)]
pub(super) struct NewMeans<'a> {
    payment_method_id: Uuid,
    caller: &'a str,
    connector: &'a str,
    kind: &'a str,
    token: &'a str,
}

impl<'a> NewMeans<'a> {
    /// Those of `means` that are new, and by which one of `payments` is paid.
    pub(super) fn of(means: &'a Means, payments: impl Iterator<Item = &'a Payment>) -> Vec<Self> {
        if means.added().is_empty() {
            return Vec::new();
        }
        let paid_by = |payment: &'a Payment| payment.tenders.iter().filter_map(|t| means.of(payment, t));
        let used: HashSet<_> = payments.flat_map(paid_by).collect();
        let added = means
            .added()
            .iter()
            .filter(|(id, _)| used.contains(&id.as_uuid()));
        added
            .map(|(id, (caller, connector, kind, token))| Self {
                payment_method_id: id.as_uuid(),
                caller,
                connector,
                kind,
                token,
            })
            .collect()
    }
}

/// A row of `transactions`.
#[derive(Encode)]
pub(super) struct NewOperation<'a> {
    transaction_id: Uuid,
    payment_id: Uuid,
    tender_number: i32,
    operation: &'a str,
    state: &'a str,
    amount_minor: i64,
    connector_key: Option<&'a str>,
    due_at: Option<DateTime<Utc>>,
}

impl<'a> From<&'a Transaction> for NewOperation<'a> {
    fn from(operation: &'a Transaction) -> Self {
        Self {
            transaction_id: operation.id.as_uuid(),
            payment_id: operation.payment_id.as_uuid(),
            tender_number: operation.tender_number,
            operation: operation.operation.as_str(),
            state: operation.state.as_str(),
            amount_minor: operation.amount_minor,
            connector_key: operation.connector_key.as_deref(),
            due_at: operation.due_at,
        }
    }
}

/// A row of `payment_lines`.
#[derive(Encode)]
pub(super) struct NewLine<'a> {
    payment_id: Uuid,
    line_number: i32,
    partner_id: Uuid,
    category: &'a str,
    unit_price_minor: i64,
    quantity: i32,
    shipping_minor: i64,
    tax_free_minor: i64,
    partner_discount_minor: i64,
    platform_discount_minor: i64,
    discounts: Cow<'static, str>,
    currency: &'a str,
    payment_amount_minor: i64,
}

impl NewLine<'_> {
    /// Those of a payment.
    ///
    /// # Errors
    /// If discounts can't be written as JSON, or a line's amounts not be computed; orders were checked for that.
    pub(super) fn of(payment: &Payment) -> impl Iterator<Item = Result<NewLine<'_>, sqlx::Error>> {
        payment.lines.iter().map(|paid| {
            let line = &paid.line;
            let amounts =
                line_amounts(line).map_err(|fault| sqlx::Error::Encode(format!("{fault:?}").into()))?;
            Ok(NewLine {
                payment_id: payment.id.as_uuid(),
                line_number: line.line_number,
                partner_id: line.partner_id.as_uuid(),
                category: &line.category,
                unit_price_minor: line.unit_price_minor,
                quantity: line.quantity,
                shipping_minor: line.shipping_minor,
                tax_free_minor: line.tax_free_minor,
                partner_discount_minor: amounts.partner_discount,
                platform_discount_minor: amounts.platform_discount,
                discounts: match line.discounts.as_slice() {
                    [] => Cow::Borrowed("[]"),
                    discounts => serde_json::to_string(discounts)
                        .map_err(|error| sqlx::Error::Encode(Box::new(error)))?
                        .into(),
                },
                currency: payment.currency.as_str(),
                payment_amount_minor: payment.amount_minor,
            })
        })
    }
}

macro_rules! is_type {
    ($($row:ident: $name:literal),+ $(,)?) => {$(
        impl Type<Postgres> for $row<'_> {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($name)
            }
        }

        impl PgHasArrayType for $row<'_> {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::array_of($name)
            }
        }
    )+};
}

is_type! {
    NewPayment: "new_payment",
    NewKey: "new_key",
    NewTender: "new_tender",
    NewMeans: "new_means",
    NewOperation: "new_operation",
    NewLine: "new_owed_line",
}
