//! The facts that services tell each other, one file a publishing service.

mod accounting;
mod partner;
mod payment;
mod settlement;
mod user;

use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::Topic;

pub use accounting::{AccountingEntry, EntryLine, Side};
pub use partner::{ContractChanged, PartnerChanged, PartnerKind, PartnerStatus};
pub use payment::{
    Discount, DisputeChanged, DisputeState, DisputedFunds, DisputedLine, Origin, PaidLine, PaidTender,
    PaymentCompleted, PaymentFailed, PaymentRefunded, PaymentRequested, RefundOutcome, RefundedLine,
    RefundedTender, TenderKind,
};
pub use settlement::{PricedLine, SettlementCompleted, SettlementLinesPriced, SettlementRequested};
pub use user::UserChanged;

/// A fact of one topic, whose form other services know from its schema.
pub trait Event: Serialize + DeserializeOwned + ToSchema + Send + Sync {
    /// Where it is published.
    const TOPIC: Topic;

    /// The thing it tells of. Events of one aggregate on one topic are numbered 1, 2, 3, ... and handled in that
    /// order.
    fn aggregate(&self) -> String;
}
