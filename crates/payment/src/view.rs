//! A payment as clients see it.

mod batch;
mod dispute;
mod method;
mod routing;
mod timeline;
mod webhook;

use chrono::{DateTime, Utc};
use contracts::events::{Discount, Origin, TenderKind};
use ids::{PartnerId, PaymentId, PaymentMethodId, TenderId};
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Capture, ConnectorName, Failure, OwedLine, Payment, PaymentStatus};

pub use batch::{BatchAnswer, Settled};
pub use dispute::{DisputeView, EvidenceView};
pub use method::PaymentMethodView;
pub use routing::{RouteView, RoutingView};
pub use timeline::TimelineView;
pub use webhook::WebhookView;

/// A payment. All amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentView {
    /// Its name.
    pub id: PaymentId,
    /// The caller's own name for it.
    pub order_reference: String,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Of every amount.
    pub currency: Currency,
    /// What its lines add up to: price x quantity, less discounts, plus shipping.
    pub owed_minor: i64,
    /// What its tenders add up to.
    pub amount_minor: i64,
    /// What was taken.
    pub captured_minor: i64,
    /// What was given back.
    #[serde(default)]
    pub refunded_minor: i64,
    /// How it is paid.
    pub tenders: Vec<TenderView>,
    /// What for.
    pub lines: Vec<LineView>,
    /// Who takes the money.
    pub connector: ConnectorName,
    /// Whether the money was taken by this platform or elsewhere.
    pub origin: Origin,
    /// Whether it is captured at once.
    pub capture: Capture,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// When it was made here.
    pub created_at: DateTime<Utc>,
    /// Why the last operation was refused, if it was.
    pub failure: Option<FailureView>,
    /// What the buyer has to do before the payment goes on.
    #[serde(default)]
    pub next_action: Option<ActionView>,
}

/// What the buyer has to do: go to a page of the connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionView {
    /// The page. From there the buyer comes back to the payment's `return_url`.
    pub redirect_url: String,
    /// Until when; after that the payment is expired.
    pub expires_at: DateTime<Utc>,
}

/// One means by which a payment is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TenderView {
    /// Its name.
    pub id: TenderId,
    /// 1, 2, 3, ... within the payment.
    #[serde(default)]
    pub number: i32,
    /// Card, transfer, ...
    pub kind: TenderKind,
    /// What is to be paid by it.
    pub amount_minor: i64,
    /// What was held.
    pub authorized_minor: i64,
    /// What was taken of it.
    pub captured_minor: i64,
    /// What was let go of it.
    pub voided_minor: i64,
    /// What was given back.
    #[serde(default)]
    pub refunded_minor: i64,
    /// What the buyer's bank took back and did not return.
    #[serde(default)]
    pub disputed_minor: i64,
    /// Until when the connector holds what is held.
    #[serde(default)]
    pub held_until: Option<DateTime<Utc>>,
    /// The payment method that it is paid by, if that was added.
    #[serde(default)]
    pub payment_method: Option<PaidByView>,
}

/// A payment method, as far as a tender shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaidByView {
    /// Its name.
    pub id: PaymentMethodId,
    /// For example `visa`.
    pub brand: Option<String>,
    /// The last four digits of its number.
    pub last_four: Option<String>,
}

/// What the buyer owes for one thing of one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineView {
    /// 1, 2, 3, ...
    pub line_number: i32,
    /// Whose sale it is.
    pub partner_id: PartnerId,
    /// Decides the rate; empty where none was given.
    pub category: String,
    /// The price of one, VAT included.
    pub unit_price_minor: i64,
    /// How many.
    pub quantity: i32,
    /// Shipping for this line.
    pub shipping_minor: i64,
    /// The part of price x quantity that is free of VAT.
    pub tax_free_minor: i64,
    /// Discounts and who funds them.
    pub discounts: Vec<Discount>,
    /// What was given back of what the buyer owed for it.
    #[serde(default)]
    pub refunded_minor: i64,
    /// What was never taken of it, since the rest of the payment was let go.
    #[serde(default)]
    pub canceled_minor: i64,
}

/// Why an operation was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailureView {
    /// For programs, for example `card_declined`.
    pub code: String,
    /// For people.
    pub detail: String,
}

impl From<&Failure> for FailureView {
    fn from(failure: &Failure) -> Self {
        Self {
            code: failure.code.clone(),
            detail: failure.detail.clone(),
        }
    }
}

impl From<&Payment> for PaymentView {
    fn from(payment: &Payment) -> Self {
        Self {
            id: payment.id,
            order_reference: payment.order_reference.clone(),
            status: payment.status,
            currency: payment.currency,
            owed_minor: payment.owed_minor,
            amount_minor: payment.amount_minor,
            captured_minor: payment.captured_minor,
            refunded_minor: payment.sum(|amounts| amounts.refunded_minor),
            tenders: payment
                .tenders
                .iter()
                .map(|tender| TenderView {
                    id: tender.id,
                    number: tender.number,
                    kind: tender.kind,
                    amount_minor: tender.amounts.amount_minor,
                    authorized_minor: tender.amounts.authorized_minor,
                    captured_minor: tender.amounts.captured_minor,
                    voided_minor: tender.amounts.voided_minor,
                    refunded_minor: tender.amounts.refunded_minor,
                    disputed_minor: tender.amounts.disputed_minor,
                    held_until: tender.held_until,
                    payment_method: tender.paid_by.as_ref().map(|method| PaidByView {
                        id: method.id,
                        brand: method.brand.clone(),
                        last_four: method.last_four.clone(),
                    }),
                })
                .collect(),
            lines: payment
                .lines
                .iter()
                .map(
                    |OwedLine {
                         line,
                         refunded_minor,
                         canceled_minor,
                         // Disputes say what they took of which line.
                         disputed_minor: _,
                     }| LineView {
                        line_number: line.line_number,
                        partner_id: line.partner_id,
                        category: line.category.clone(),
                        unit_price_minor: line.unit_price_minor,
                        quantity: line.quantity,
                        shipping_minor: line.shipping_minor,
                        tax_free_minor: line.tax_free_minor,
                        discounts: line.discounts.clone(),
                        refunded_minor: *refunded_minor,
                        canceled_minor: *canceled_minor,
                    },
                )
                .collect(),
            connector: payment.connector,
            origin: payment.connector.origin(),
            capture: payment.capture,
            sold_at: payment.sold_at,
            created_at: payment.created_at,
            failure: payment.failure.as_ref().map(FailureView::from),
            next_action: payment.action.as_ref().map(|action| ActionView {
                redirect_url: action.url.clone(),
                expires_at: action.until,
            }),
        }
    }
}
