//! Identifiers, between their two forms: `pay_...` on the wire, plain in the tables.

use ids::{
    ApiKeyId, ContractId, DisputeId, EvidenceId, JournalEntryId, NotificationId, PartnerId, PaymentId,
    PaymentMethodId, SessionId, SettlementDetailId, SettlementId, TenderId, TransactionId, UserId, WindowId,
};
use uuid::Uuid;

/// The number behind an identifier in either form; none where it is neither.
pub(crate) fn uuid_of(text: &str) -> Option<Uuid> {
    if let Some((prefix, _)) = text.split_once('_') {
        return typed(prefix, text);
    }
    Uuid::parse_str(text).ok()
}

macro_rules! prefixes {
    ($($type:ident),*) => {
        fn typed(prefix: &str, text: &str) -> Option<Uuid> {
            $(if prefix == $type::PREFIX {
                return text.parse::<$type>().ok().map($type::as_uuid);
            })*
            None
        }

        /// `pay:<uuid>` as a person knows it, `pay_...`; anything else as it is.
        pub(crate) fn known(token: &str) -> String {
            if let Some((prefix, uuid)) = token.split_once(':')
                && let Ok(uuid) = Uuid::parse_str(uuid)
            {
                $(if prefix == $type::PREFIX {
                    return $type::from_uuid(uuid).to_string();
                })*
            }
            token.to_owned()
        }
    };
}
prefixes!(
    ApiKeyId,
    ContractId,
    DisputeId,
    EvidenceId,
    JournalEntryId,
    NotificationId,
    PartnerId,
    PaymentId,
    PaymentMethodId,
    SessionId,
    SettlementDetailId,
    SettlementId,
    TenderId,
    TransactionId,
    UserId,
    WindowId
);

/// What a question gives as its `id`: one or more identifiers with blanks between them.
pub(crate) fn all_known(id: &str) -> Vec<String> {
    id.split_whitespace().map(known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_one_number() {
        let payment = PaymentId::generate();
        let plain = payment.as_uuid();
        assert_eq!(uuid_of(&payment.to_string()), Some(plain));
        assert_eq!(uuid_of(&plain.to_string()), Some(plain));
        assert_eq!(known(&format!("pay:{plain}")), payment.to_string());
        for text in [
            "",
            "pay_",
            "xyz_01jd8m3k7efg8v5n2x4c6b9t0r",
            "pay_01JD8M3K7EFG8V5N2X4C6B9T0R",
        ] {
            assert_eq!(uuid_of(text), None, "{text}");
        }
        assert_eq!(all_known("KRW main"), ["KRW", "main"]);
    }
}
