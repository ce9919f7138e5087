//! A person says what became of an operation whose connector does not.

use contracts::Caller;
use ids::{ChangeId, PaymentId, TransactionId};
use once::KeyedRequest;

use super::tasks::task_of;
use super::{Answered, Begun, Keeping, Payments, answer_of, count, keep};
use crate::connectors::Outcome;
use crate::domain::{Change, Command, Failure, OperationState};
use crate::error::Error;
use crate::store::changes::Asked;
use crate::store::{changes, reading, transactions};

/// What a person says, and why.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Who says so.
    pub caller: Caller,
    /// Under which key.
    pub key: KeyedRequest,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Which operation.
    pub transaction_id: TransactionId,
    /// The connector's own name for what it did; none: it did nothing.
    pub done_as: Option<String>,
    /// How the person knows.
    pub reason: String,
}

impl Payments {
    /// Ends an operation of unknown outcome as a person says. The payment goes on from there as if the connector had
    /// said so; who said it and why is kept.
    pub async fn decide(&self, decision: Decision) -> Result<Answered, Error> {
        let Decision {
            caller,
            key,
            payment_id,
            transaction_id,
            done_as,
            reason,
        } = decision;
        let now = self.now();
        let (mut work, granted) = match self.begin_keyed(&key, now, 200).await? {
            Begun::New(work, granted) => (work, granted),
            Begun::Told(answered) => return Ok(answered),
        };
        let payment = reading::lock(work.conn(), payment_id)
            .await?
            .ok_or(Error::NotFound(payment_id))?;
        let history = transactions::of_payment(work.conn(), payment_id).await?;
        let done = history
            .iter()
            .find(|done| done.id == transaction_id)
            .ok_or(Error::NoOperation(transaction_id))?;
        if done.state != OperationState::Unknown {
            return Err(Error::NotUnknown {
                transaction_id,
                state: done.state,
            });
        }
        // Whoever asks sends again what the connector has never seen: it may be done at this moment.
        if transactions::is_being_asked(work.conn(), transaction_id, now).await? {
            return Err(Error::BeingAsked(transaction_id));
        }
        let asked = Asked {
            change: Change {
                id: ChangeId::generate(),
                command: Command::Resolve,
                amount_minor: 0,
                parts: Vec::new(),
                tender_number: Some(done.tender_number),
            },
            added: Vec::new(),
            reason: Some(reason.clone()),
            requested_by: caller.id,
        };
        changes::insert(work.conn(), payment_id, &asked, now).await?;
        once::subject(work.conn(), &granted, &payment_id.to_string()).await?;
        let outcome = match done_as {
            Some(reference) => Outcome::Succeeded {
                reference: Some(reference),
                held_until: None,
            },
            None => Outcome::Failed(Failure {
                code: "resolved".to_owned(),
                detail: reason,
            }),
        };
        let task = task_of(&payment, &history, done);
        let concluded = self.conclude(&mut work, payment, &task, &outcome, now).await?;
        let keeping = Keeping {
            key: &key,
            granted: &granted,
            done: 200,
        };
        if let Some(next) = concluded.next {
            work.commit().await?;
            return self.perform(next, Some(keeping)).await;
        }
        let answer = answer_of(&concluded.payment, keeping.done)?;
        keep(&mut work, &granted, &answer).await?;
        work.commit().await?;
        count(&concluded.payment);
        self.0.hints.put(&key, &answer).await;
        Ok(Answered::first(answer))
    }
}
