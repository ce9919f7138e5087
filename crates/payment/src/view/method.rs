//! A payment method as clients see it: never its token.

use chrono::{DateTime, Utc};
use contracts::events::TenderKind;
use ids::PaymentMethodId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::method::month_of;
use crate::domain::{ConnectorName, Method};

/// A stored means of payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentMethodView {
    /// Its name.
    pub id: PaymentMethodId,
    /// Card, voucher, ...
    pub kind: TenderKind,
    /// Who knows its token.
    pub connector: ConnectorName,
    /// For example `visa`.
    pub brand: Option<String>,
    /// The last four digits of its number.
    pub last_four: Option<String>,
    /// The month in which it can be used last, as `2030-12`.
    pub expires_on: Option<String>,
    /// Whose it is: the caller's own name for the buyer.
    pub holder_reference: String,
    /// Whether the holder pays with it unless another one is named.
    pub is_default: bool,
    /// Since when its token is known here.
    pub created_at: DateTime<Utc>,
}

impl From<&Method> for PaymentMethodView {
    fn from(method: &Method) -> Self {
        let details = &method.details;
        Self {
            id: method.id,
            kind: method.kind,
            connector: method.connector,
            brand: details.brand.clone(),
            last_four: details.last_four.clone(),
            expires_on: details.expires_on.map(month_of),
            holder_reference: details.holder_reference.clone(),
            is_default: method.is_default,
            created_at: method.created_at,
        }
    }
}
