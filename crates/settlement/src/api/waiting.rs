//! Lines that can't be priced yet.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use ids::{DisputeId, PartnerId, PaymentId, SettlementDetailId, TransactionId};
use money::Currency;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Page, Problem, Query, Reader, page};

use super::Api;
use super::schedules::OfPartner;
use crate::ops::read;
use crate::store::waiting::Waiting;

/// A line, or what a refund or dispute takes back of one, that can't be priced yet. Amounts in minor units of `currency`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingLine {
    /// The id that the priced line will have.
    id: SettlementDetailId,
    /// The payment.
    payment_id: PaymentId,
    /// Its number within the payment.
    line_number: i32,
    /// Whose sale it is.
    partner_id: PartnerId,
    /// The currency, of which the partner needs a contract.
    currency: Currency,
    /// Its category; of what takes back empty, it is that of its line.
    category: String,
    /// The price of one.
    unit_price_minor: i64,
    /// How many; -1 where this takes back of a sale, or, at a price below 0, gives that again.
    quantity: i32,
    /// Discounts that the partner funds.
    partner_discount_minor: i64,
    /// Discounts that the platform funds.
    platform_discount_minor: i64,
    /// Shipping.
    shipping_minor: i64,
    /// When the sale happened: a contract must be in force on that day.
    sold_at: DateTime<Utc>,
    /// When it came in.
    recorded_at: DateTime<Utc>,
    /// Why it has no price.
    waits_for: String,
    /// Of a reversal: the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<TransactionId>,
    /// Of a reversal: `refunded`, or `reversed` where the refund was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// Of a reversal: when the refund happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded_at: Option<DateTime<Utc>>,
    /// Of a disputed line: the dispute.
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute_id: Option<DisputeId>,
    /// Of a disputed line: `withdrawn` by the buyer's bank, or `returned` by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    funds: Option<String>,
    /// Of a disputed line: when the money moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    disputed_at: Option<DateTime<Utc>>,
}

impl From<Waiting> for WaitingLine {
    fn from(waiting: Waiting) -> Self {
        let Waiting {
            line,
            recorded_at,
            problem,
            refund,
            dispute,
        } = waiting;
        let currency = line.account.currency;
        let takes_back = refund.is_some() || dispute.is_some();
        let waits_for = problem.unwrap_or_else(|| {
            if takes_back {
                "its line, which has no price yet".to_owned()
            } else {
                format!("no {currency} contract of the partner is in force at the time of the sale: make one")
            }
        });
        let (refund_id, outcome, refunded_at) = refund.map_or((None, None, None), |refund| {
            (Some(refund.id), Some(refund.outcome), Some(refund.at))
        });
        let (dispute_id, funds, disputed_at) = dispute.map_or((None, None, None), |dispute| {
            (Some(dispute.id), Some(dispute.funds), Some(dispute.at))
        });
        Self {
            id: line.id,
            payment_id: line.payment_id,
            line_number: line.line_number,
            partner_id: line.account.partner_id,
            currency,
            category: line.category,
            unit_price_minor: line.unit_price_minor,
            quantity: line.quantity,
            partner_discount_minor: line.partner_discount_minor,
            platform_discount_minor: line.platform_discount_minor,
            shipping_minor: line.shipping_minor,
            sold_at: line.sold_at,
            recorded_at,
            waits_for,
            refund_id,
            outcome,
            refunded_at,
            dispute_id,
            funds,
            disputed_at,
        }
    }
}

/// Lists lines, and what takes back of lines, that can't be priced yet, newest first.
#[utoipa::path(
    get,
    path = "/v1/waiting-lines",
    tag = "settlements",
    params(OfPartner),
    responses((status = 200, body = Page<WaitingLine>, description = "A page of lines."))
)]
pub(crate) async fn list(
    State(api): State<Api>,
    _: Reader,
    Query(query): Query<OfPartner>,
) -> Result<Json<Page<WaitingLine>>, Problem> {
    let (params, partner_id) = query.parts();
    let limit = params.limit()?;
    let (last, partner_id) = params.start(partner_id)?;
    let rows = read::waiting_lines(&api.outbox, partner_id, last, i64::from(limit) + 1).await?;
    Ok(Json(page(
        rows,
        limit,
        partner_id,
        |row| row.line.id.as_uuid(),
        WaitingLine::from,
    )))
}
