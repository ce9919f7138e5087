//! A payment as a client asks for it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contracts::events::{Discount, TenderKind};
use ids::{PartnerId, PaymentMethodId};
use money::Currency;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;
use web::{Code, FieldError, card_number};

use super::check::Check;
use crate::connectors::Live;
use crate::domain::{Capture, ConnectorName, Order, Token};

/// A payment that is to be made. All amounts are minor units of `currency`; none of them, and no total, exceeds 10^15.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// The caller's own name for the order, 1 to 64 characters. It belongs to one payment that has not failed.
    #[schema(min_length = 1, max_length = 64)]
    pub(super) order_reference: String,
    /// Of every amount.
    pub(super) currency: Currency,
    /// What the buyer owes, 1 to 500.
    #[schema(min_items = 1, max_items = 500)]
    pub(super) lines: Vec<LineRequest>,
    /// How it is paid, by 1 to 20 means. Several live ones are all held before any of them is taken; if one is refused,
    /// the others are let go.
    #[schema(min_items = 1, max_items = 20)]
    pub(super) tenders: Vec<TenderRequest>,
    /// In which order the tenders give back when there is a refund, by their numbers from 1; as they stand, if left
    /// out.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(super) refund_order: Vec<i32>,
    /// Whether it is captured at once.
    #[serde(default = "automatic")]
    #[schema(default = "automatic")]
    pub(super) capture: Capture,
    /// Who takes the money. `external`: it was taken elsewhere and is recorded. If left out, the payment is routed: it is
    /// offered to the connectors of which every tender has a token, in the order that the rules of `/v1/routing` lead to,
    /// and goes on to the next where one refuses for a reason that another may not have.
    #[serde(default)]
    pub(super) connector: Option<ConnectorName>,
    /// Where the buyer is sent after acting at the connector's page, an http or https address of at most 2,048
    /// characters. Without it, a payment for which the buyer has to act ends at that page.
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub(super) return_url: Option<String>,
    /// When the sale happened; for external payments only. Now, if left out.
    #[serde(default)]
    pub(super) sold_at: Option<DateTime<Utc>>,
}

/// What the buyer owes for one thing of one partner: price x quantity, less discounts, plus shipping.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineRequest {
    /// Whose sale it is.
    pub(super) partner_id: PartnerId,
    /// Decides the rate, at most 64 characters.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub(super) category: String,
    /// The price of one, VAT included.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    pub(super) unit_price_minor: i64,
    /// How many.
    #[serde(default = "one")]
    #[schema(default = 1, minimum = 1)]
    pub(super) quantity: i32,
    /// Shipping that the buyer pays for this line.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    pub(super) shipping_minor: i64,
    /// The part of price x quantity that is free of VAT.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    pub(super) tax_free_minor: i64,
    /// Discounts, and who funds them; together at most price x quantity.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(super) discounts: Vec<Discount>,
}

/// One means by which the buyer pays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenderRequest {
    /// Card, transfer, ...
    pub(super) kind: TenderKind,
    /// What is paid by it.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64)]
    pub(super) amount_minor: i64,
    /// The connector's token of the buyer's card, for example `tok_ok` of the simulator or `pm_card_visa` of Stripe.
    /// Never a card number. Or else `payment_method_id`.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    pub(super) token: Option<Token>,
    /// What each connector knows the buyer's card by, for a payment without `connector`: for example
    /// `{"simulator": "tok_ok", "stripe": "pm_card_visa"}`. Instead of `token`.
    #[serde(default)]
    #[schema(value_type = Option<HashMap<String, String>>)]
    pub(super) tokens: Option<Tokens>,
    /// A payment method that the caller added, of this kind and, where the payment names one, for its connector. Instead of
    /// `token` or `tokens`.
    #[serde(default)]
    pub(super) payment_method_id: Option<PaymentMethodId>,
}

/// Tokens by the connector that knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens(pub(super) Vec<(ConnectorName, Token)>);

impl<'de> Deserialize<'de> for Tokens {
    /// In the order of the connectors. Of a connector that is named twice the last token counts, as everywhere in JSON.
    /// What is wrong is told without what stands there: it may be a token.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named: Result<HashMap<ConnectorName, Token>, D::Error> = HashMap::deserialize(deserializer);
        let form = "give an object with a token for each connector, as {\"stripe\": \"pm_card_visa\"}";
        let mut named = named.map_err(|_| D::Error::custom(form))?;
        let all = ConnectorName::ALL.iter();
        Ok(Self(all.filter_map(|one| named.remove_entry(one)).collect()))
    }
}

fn automatic() -> Capture {
    Capture::Automatic
}

fn one() -> i32 {
    1
}

/// Reads a value, or what a reference to one leads to; the fault names the field that is wrong.
pub(super) fn read<'de, T: Deserialize<'de>, B: Deserializer<'de>>(body: B) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(body).map_err(|error| FieldError {
        pointer: pointer(error.path()),
        code: Code::InvalidField,
        // It may quote a number that was typed where a text belongs.
        detail: card_number::mask(&error.inner().to_string()),
    })
}

/// Reads a payment and checks all that can be checked without a database; the faults name every field that is wrong.
pub(super) fn parse(body: &Value, now: DateTime<Utc>, live: Live) -> Result<Order, Vec<FieldError>> {
    let request: PaymentRequest = read(body).map_err(|fault| vec![fault])?;
    let mut check = Check::default();
    let order = check.order(request, now, live);
    if check.faults.is_empty() {
        Ok(order)
    } else {
        Err(check.faults)
    }
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => "/?".to_owned(),
    };
    path.iter().map(part).collect()
}
