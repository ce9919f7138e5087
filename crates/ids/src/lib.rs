//! Typed identifiers: `UUIDv7` with a prefix that says what they name.
//!
//! The text of an identifier is its prefix, `_`, and 26 digits of lower-case Crockford base32:
//! `pay_01jd8m3k7efg8v5n2x4c6b9t0r`. The text sorts as the identifiers do, which is by the time they were made,
//! and each identifier has exactly one text. SQL stores the plain `uuid`: [`PaymentId::as_uuid`].

mod base32;
mod error;
mod typed;

pub use error::IdError;

use typed::typed_ids;

typed_ids! {
    /// A payment.
    PaymentId "pay",
    /// One means of paying a payment.
    TenderId "tnd",
    /// One operation on a tender: authorize, capture, void or refund.
    TransactionId "txn",
    /// Something asked of a payment that exists: a capture, a refund, ...
    ChangeId "chg",
    /// A dispute of a payment: a buyer's bank takes money back.
    DisputeId "dsp",
    /// What was said against a dispute.
    EvidenceId "evd",
    /// A stored means of payment of a user.
    PaymentMethodId "pmt",
    /// A settlement statement of a partner.
    SettlementId "stl",
    /// A priced settlement line.
    SettlementDetailId "sln",
    /// A settlement window.
    WindowId "win",
    /// A partner.
    PartnerId "ptn",
    /// A contract with a partner.
    ContractId "con",
    /// A commission rule of a contract.
    CommissionId "com",
    /// A user.
    UserId "usr",
    /// A login session.
    SessionId "ses",
    /// An API key.
    ApiKeyId "key",
    /// A journal entry.
    JournalEntryId "jen",
    /// An account of the books.
    AccountId "acc",
    /// A notification.
    NotificationId "ntf",
    /// A published event.
    EventId "evt",
    /// A request, as logs and problem reports name it.
    RequestId "req",
    /// An import of records from elsewhere.
    ImportId "imp",
    /// A hold on a partner's money.
    HoldId "hld",
}
