//! Rules of typed identifiers.

use std::collections::BTreeSet;

use ids::{
    AccountId, ApiKeyId, CommissionId, ContractId, EventId, HoldId, IdError, ImportId, JournalEntryId,
    NotificationId, PartnerId, PaymentId, PaymentMethodId, RequestId, SessionId, SettlementDetailId,
    SettlementId, TenderId, TransactionId, UserId, WindowId,
};
use proptest::prelude::*;
use utoipa::PartialSchema;
use uuid::Uuid;

#[test]
fn every_kind_has_its_own_prefix_of_three_letters() {
    let prefixes = [
        PaymentId::PREFIX,
        TenderId::PREFIX,
        TransactionId::PREFIX,
        PaymentMethodId::PREFIX,
        SettlementId::PREFIX,
        SettlementDetailId::PREFIX,
        WindowId::PREFIX,
        PartnerId::PREFIX,
        ContractId::PREFIX,
        CommissionId::PREFIX,
        UserId::PREFIX,
        SessionId::PREFIX,
        ApiKeyId::PREFIX,
        JournalEntryId::PREFIX,
        AccountId::PREFIX,
        NotificationId::PREFIX,
        EventId::PREFIX,
        RequestId::PREFIX,
        ImportId::PREFIX,
        HoldId::PREFIX,
    ];
    assert!(prefixes.iter().all(|prefix| prefix.len() == 3));
    assert_eq!(prefixes.iter().collect::<BTreeSet<_>>().len(), prefixes.len());
}

#[test]
fn an_identifier_of_another_kind_is_refused_and_the_expected_prefix_is_named() {
    let payment = PaymentId::generate().to_string();
    let refusal = payment.parse::<PartnerId>().unwrap_err();
    assert_eq!(refusal, IdError::WrongPrefix { expected: "ptn" });
    assert!(refusal.to_string().contains("`ptn_`"));
}

#[test]
fn a_text_that_is_not_whole_is_refused() {
    let whole = PaymentId::generate().to_string();
    let longer = format!("{whole}0");
    let capitals = whole.to_uppercase().replace("PAY_", "pay_");
    for text in [
        &whole[..29],
        &longer,
        &capitals,
        "pay_",
        "pay_8zzzzzzzzzzzzzzzzzzzzzzzzz",
    ] {
        assert_eq!(
            text.parse::<PaymentId>(),
            Err(IdError::MalformedDigits { expected: "pay" }),
            "{text}"
        );
    }
    for text in ["", "pay", &whole[4..], &format!(" {whole}")] {
        assert_eq!(
            text.parse::<PaymentId>(),
            Err(IdError::WrongPrefix { expected: "pay" }),
            "{text}"
        );
    }
}

#[test]
fn a_text_has_one_width() {
    for uuid in [Uuid::nil(), Uuid::max(), Uuid::now_v7()] {
        assert_eq!(PaymentId::from_uuid(uuid).to_string().len(), 30);
    }
}

#[test]
fn identifiers_generated_one_after_the_other_ascend() {
    let made: Vec<EventId> = (0..10_000).map(|_| EventId::generate()).collect();
    assert!(made.is_sorted_by(|earlier, later| earlier < later));
}

#[test]
fn identifiers_of_one_millisecond_differ() {
    let made: BTreeSet<EventId> = (0..10_000)
        .map(|_| EventId::generate_at(1_767_225_600_000))
        .collect();
    assert_eq!(made.len(), 10_000);
}

#[test]
fn json_is_the_text_and_is_validated() {
    let id = PaymentId::generate();
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(json, format!("\"{id}\""));
    assert_eq!(serde_json::from_str::<PaymentId>(&json).unwrap(), id);
    assert!(serde_json::from_str::<UserId>(&json).is_err());
    assert!(serde_json::from_str::<PaymentId>("7").is_err());
}

#[test]
fn the_example_of_the_schema_is_an_identifier() {
    let schema = serde_json::to_value(PaymentId::schema()).unwrap();
    assert_eq!(schema["type"], "string");
    let example: PaymentId = schema["examples"][0].as_str().unwrap().parse().unwrap();
    assert_eq!(example.as_uuid().get_version_num(), 7);
}

proptest! {
    #[test]
    fn an_identifier_survives_print_and_parse(bits: u128) {
        let id = TenderId::from_uuid(Uuid::from_u128(bits));
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(id.as_uuid().as_u128(), bits);
    }

    #[test]
    fn texts_and_identifiers_sort_by_the_callers_time(earlier in 0..(1_u64 << 48), later in 0..(1_u64 << 48)) {
        prop_assume!(earlier < later);
        let (first, second) = (WindowId::generate_at(earlier), WindowId::generate_at(later));
        prop_assert!(first < second);
        prop_assert!(first.to_string() < second.to_string());
    }

    #[test]
    fn the_callers_time_can_be_read_back(millis in 0..(1_u64 << 48)) {
        let uuid = RequestId::generate_at(millis).as_uuid();
        prop_assert_eq!(uuid.get_version_num(), 7);
        prop_assert_eq!(uuid.get_timestamp().map(|at| at.to_unix()), Some((millis / 1_000, u32::try_from(millis % 1_000).unwrap() * 1_000_000)));
    }

    #[test]
    fn any_text_is_read_or_refused_and_never_breaks(text: String) {
        prop_assert!(text.parse::<PaymentId>().is_err());
    }
}
