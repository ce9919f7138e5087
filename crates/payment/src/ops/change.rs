//! Capturing and voiding what is authorized.

use ids::{PaymentId, TransactionId};
use once::KeyedRequest;

use super::accept::{no_operation, task};
use super::finish::Keeping;
use super::{Answered, Begun, Payments};
use crate::domain::{Command, Operation, OperationState, Transaction};
use crate::error::Error;
use crate::store::{payments, reading, transactions};

/// A command for a payment that exists.
#[derive(Debug, Clone)]
pub struct Change {
    /// Under which key.
    pub key: KeyedRequest,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// What.
    pub command: Command,
}

impl Payments {
    /// Carries the command out, for the whole amount. Of several at once exactly one goes on; the others are told
    /// where the payment stands.
    pub async fn change(&self, change: Change) -> Result<Answered, Error> {
        if let Some(answer) = self.0.hints.get(&change.key).await {
            return Ok(Answered::replay(answer));
        }
        let Change {
            key,
            payment_id,
            command,
            ..
        } = change;
        let now = self.now();
        let (mut work, granted) = match self.begin_keyed(&key, now, 200).await? {
            Begun::New(work, granted) => (work, granted),
            Begun::Told(answered) => return Ok(answered),
        };
        if !payments::begin_change(work.conn(), payment_id, command, now).await? {
            let payment = reading::one(work.conn(), payment_id).await?;
            return Err(
                payment.map_or(Error::NotFound(payment_id), |payment| Error::NotAllowed {
                    payment_id,
                    status: payment.status,
                    command,
                }),
            );
        }
        let payment = reading::one(work.conn(), payment_id)
            .await?
            .ok_or(Error::NotFound(payment_id))?;
        let tender = payment.tenders.first().ok_or_else(|| no_operation(payment_id))?;
        let used_minor = tender
            .amounts
            .captured_minor
            .saturating_add(tender.amounts.voided_minor);
        let history = transactions::of_payment(work.conn(), payment_id).await?;
        let authorized = history
            .iter()
            .find(|done| done.operation == Operation::Authorize && done.state == OperationState::Succeeded)
            .and_then(|done| done.connector_reference.clone());
        let id = TransactionId::generate();
        let operation = Transaction {
            id,
            payment_id,
            tender_number: tender.number,
            operation: command.operation(),
            state: OperationState::Sent,
            amount_minor: tender.amounts.authorized_minor.saturating_sub(used_minor),
            connector_key: Some(id.to_string()),
            connector_reference: None,
            refusal: None,
            due_at: Some(now + self.lease()),
        };
        transactions::insert(work.conn(), &operation, now).await?;
        once::subject(work.conn(), &granted, &payment_id.to_string()).await?;
        work.commit().await?;

        let task = task(&payment, &operation, authorized);
        let outcome = self.0.connectors.perform(&task).await;
        let keeping = Keeping {
            key: &key,
            granted: &granted,
            done: 200,
        };
        self.finish(&task, outcome, Some(keeping)).await
    }
}
