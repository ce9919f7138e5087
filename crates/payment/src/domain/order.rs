//! A payment that is to be made, checked.

use chrono::{DateTime, Utc};
use contracts::events::{PaidLine, TenderKind};
use ids::{PaymentId, PaymentMethodId, TenderId, TransactionId};
use money::Currency;

use super::operation::{Cause, Operation, OperationState, Transaction};
use super::parts::OwedLine;
use super::payment::{Capture, ConnectorName, Payment};
use super::status::PaymentStatus;
use super::tender::{Tender, TenderAmounts};
use super::token::Token;

/// One means by which the buyer pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Means {
    /// Which kind.
    pub kind: TenderKind,
    /// Minor units, 0 or more.
    pub amount_minor: i64,
    /// The connector's token of the buyer's card; none where no connector is called, and where it is still to be looked
    /// up by `payment_method_id`.
    pub token: Option<Token>,
    /// What each of several connectors knows it by, where the payment is to be routed.
    pub tokens: Vec<(ConnectorName, Token)>,
    /// The stored means that is to pay it, where the caller names one.
    pub payment_method_id: Option<PaymentMethodId>,
    /// Its place when money goes back: the lowest first.
    pub refund_rank: i32,
}

/// A payment that is to be made. Its fields were checked, and its sums fit 64 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::struct_field_names,
    reason = "an order reference is what the field calls it"
)]
pub struct Order {
    /// The caller's own name for it, 1 to 64 characters.
    pub order_reference: String,
    /// Of every amount in here.
    pub currency: Currency,
    /// What the buyer owes, numbered from 1.
    pub lines: Vec<PaidLine>,
    /// By which means, 1 or more.
    pub means: Vec<Means>,
    /// Whether it is captured at once.
    pub capture: Capture,
    /// Through whom, where the caller says so; else the payment is routed.
    pub connector: Option<ConnectorName>,
    /// Where the buyer is sent after acting at the connector's page.
    pub return_url: Option<String>,
    /// When the sale happened; none means now.
    pub sold_at: Option<DateTime<Utc>>,
    /// What the lines add up to, in minor units.
    pub owed_minor: i64,
    /// What the means add up to, in minor units.
    pub amount_minor: i64,
}

impl Order {
    /// What is sold in which currency.
    pub fn sale(&self) -> (Currency, &[PaidLine]) {
        (self.currency, &self.lines)
    }

    /// The payment of this order as it is once recorded: captured elsewhere, nothing left to do.
    pub fn into_recorded(self, caller: &str, now: DateTime<Utc>) -> (Payment, Vec<Transaction>) {
        self.into_payment(
            ConnectorName::External,
            caller,
            now,
            PaymentStatus::Completed,
            OperationState::Succeeded,
            None,
        )
    }

    /// The payment of this order through `connector` with its first operation written down, or, where no connector is
    /// asked, with those of all tenders; `state` is `Created`, or `Sent` by someone who answers for it until `due_at`.
    pub fn into_opened(
        self,
        connector: ConnectorName,
        caller: &str,
        now: DateTime<Utc>,
        state: OperationState,
        due_at: Option<DateTime<Utc>>,
    ) -> (Payment, Vec<Transaction>) {
        let status = match state {
            OperationState::Created => PaymentStatus::Requested,
            _ => PaymentStatus::Processing,
        };
        self.into_payment(connector, caller, now, status, state, due_at)
    }

    fn into_payment(
        self,
        connector: ConnectorName,
        caller: &str,
        now: DateTime<Utc>,
        status: PaymentStatus,
        state: OperationState,
        due_at: Option<DateTime<Utc>>,
    ) -> (Payment, Vec<Transaction>) {
        // Of the same clock as the time beside it: lists look for times by identifiers.
        let id = PaymentId::generate_at(u64::try_from(now.timestamp_millis()).unwrap_or(0));
        let asks_outside = connector != ConnectorName::External;
        let operation = match (self.capture, self.means.len()) {
            (Capture::Manual, _) => Operation::Authorize,
            // Several are all held before any is taken; see `plan`.
            (Capture::Automatic, 2..) if asks_outside => Operation::Authorize,
            (Capture::Automatic, _) => Operation::Sale,
        };
        let at_once = if asks_outside { 1 } else { self.means.len() };
        let is_done = state == OperationState::Succeeded;
        let numbered = || (1_i32..).zip(&self.means);
        let transactions = numbered()
            .take(at_once)
            .map(|(tender_number, means)| {
                let id_of_operation = TransactionId::generate();
                Transaction {
                    id: id_of_operation,
                    payment_id: id,
                    tender_number,
                    operation,
                    cause: Cause::Order,
                    connector: None,
                    change_id: None,
                    state,
                    amount_minor: means.amount_minor,
                    parts: Vec::new(),
                    connector_key: asks_outside.then(|| id_of_operation.to_string()),
                    due_at,
                }
            })
            .collect();
        let tenders = numbered()
            .map(|(number, means)| Tender {
                id: TenderId::generate(),
                number,
                kind: means.kind,
                amounts: TenderAmounts {
                    authorized_minor: if is_done { means.amount_minor } else { 0 },
                    captured_minor: if is_done { means.amount_minor } else { 0 },
                    ..TenderAmounts::of(means.amount_minor)
                },
                token: means.token.clone(),
                paid_by: None,
                refund_rank: means.refund_rank,
                held_until: None,
            })
            .collect();
        let payment = Payment {
            id,
            caller: caller.to_owned(),
            order_reference: self.order_reference,
            currency: self.currency,
            connector,
            route: Vec::new(),
            capture: self.capture,
            status,
            owed_minor: self.owed_minor,
            amount_minor: self.amount_minor,
            captured_minor: if is_done { self.amount_minor } else { 0 },
            failure: None,
            return_url: self.return_url,
            action: None,
            sold_at: self.sold_at.unwrap_or(now),
            created_at: now,
            tenders,
            lines: self.lines.into_iter().map(OwedLine::new).collect(),
        };
        (payment, transactions)
    }
}
