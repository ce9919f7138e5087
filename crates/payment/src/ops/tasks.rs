//! What a connector is given of an operation.

use money::Money;

use crate::connectors::Task;
use crate::domain::{Done, OperationState, Payment, Transaction};

/// The first operation of a new payment, for whoever works on it.
pub(super) fn first_task(payment: &Payment, operations: &[Transaction]) -> Option<Task> {
    operations.first().map(|operation| task(payment, operation, None))
}

/// What the connector is given of an operation that begins; `charge` is its own name for what it did before.
pub(super) fn task(payment: &Payment, operation: &Transaction, charge: Option<String>) -> Task {
    Task {
        id: operation.id,
        payment_id: payment.id,
        tender_number: operation.tender_number,
        connector: operation.connector.unwrap_or(payment.connector),
        operation: operation.operation,
        change_id: operation.change_id,
        was_sent: false,
        amount: Money::new(operation.amount_minor, payment.currency),
        key: operation
            .connector_key
            .clone()
            .unwrap_or_else(|| operation.id.to_string()),
        token: payment
            .tender(operation.tender_number)
            .and_then(|tender| tender.token.clone()),
        charge,
        return_url: payment.return_url.clone(),
        ending: None,
        attempt: 0,
    }
}

/// What is known of an operation that was begun before.
pub(super) fn task_of(payment: &Payment, history: &[Done], done: &Done) -> Task {
    let beginning = beginning(history, done.tender_number);
    Task {
        id: done.id,
        payment_id: payment.id,
        tender_number: done.tender_number,
        connector: done.connector.unwrap_or(payment.connector),
        operation: done.operation,
        change_id: done.change_id,
        was_sent: true,
        amount: Money::new(done.amount_minor, payment.currency),
        key: done.id.to_string(),
        token: payment
            .tender(done.tender_number)
            .and_then(|tender| tender.token.clone()),
        charge: done.connector_reference.clone().or(beginning),
        return_url: payment.return_url.clone(),
        ending: None,
        attempt: done.attempts,
    }
}

/// The connector's own name for what it did before of the tender; none for what begins one.
pub(super) fn charge(history: &[Done], operation: &Transaction) -> Option<String> {
    if operation.operation.is_beginning() {
        return None;
    }
    beginning(history, operation.tender_number)
}

/// The connector's own name for what began a tender.
fn beginning(history: &[Done], tender_number: i32) -> Option<String> {
    history
        .iter()
        .find(|done| {
            done.tender_number == tender_number
                && done.operation.is_beginning()
                && done.state == OperationState::Succeeded
        })
        .and_then(|done| done.connector_reference.clone())
}
