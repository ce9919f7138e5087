//! Rows hold plain uuids; whoever sees a row sees typed ids.

use ids::{
    ContractId, DisputeId, HoldId, PartnerId, PaymentId, SettlementDetailId, SettlementId, TransactionId,
    WindowId,
};
use serde::{Serialize, Serializer};
use uuid::Uuid;

macro_rules! shown {
    ($($name:ident as $id:ident;)+) => {$(
        pub(super) fn $name<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
            $id::from_uuid(*id).serialize(serializer)
        }
    )+};
}

shown! {
    contract as ContractId;
    detail as SettlementDetailId;
    hold as HoldId;
    partner as PartnerId;
    payment as PaymentId;
    settlement as SettlementId;
    window as WindowId;
}

macro_rules! shown_if_any {
    ($($name:ident as $id:ident;)+) => {$(
        #[allow(clippy::ref_option, reason = "the form that serde asks for")]
        pub(super) fn $name<S: Serializer>(id: &Option<Uuid>, serializer: S) -> Result<S::Ok, S::Error> {
            id.map($id::from_uuid).serialize(serializer)
        }
    )+};
}

shown_if_any! {
    detail_if_any as SettlementDetailId;
    dispute_if_any as DisputeId;
    settlement_if_any as SettlementId;
    transaction_if_any as TransactionId;
}
