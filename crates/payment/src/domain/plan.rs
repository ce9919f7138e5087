//! What is to be done next on a payment: one operation at a time, so that a crash finds at most one of them open.

use ids::ChangeId;

use super::amounts::total;
use super::command::Command;
use super::operation::{Cause, Done, Operation, OperationState};
use super::parts::{OwedLine, Part, fitting, spread, take};
use super::payment::{Capture, ConnectorName, Payment};
use super::refusal::may_be_answered_otherwise;
use super::status::given_up;
use super::tender::{Tender, TenderAmounts};

/// A change that is being carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub id: ChangeId,
    /// What was asked.
    pub command: Command,
    /// For how much in all, in minor units.
    pub amount_minor: i64,
    /// The parts of lines that the caller named; none: they are spread over what is left of the lines.
    pub parts: Vec<Part>,
    /// The tender that an increment is for.
    pub tender_number: Option<i32>,
}

/// An operation that is to be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// On which tender.
    pub tender_number: i32,
    /// What.
    pub operation: Operation,
    /// For how much, in minor units.
    pub amount_minor: i64,
    /// Why.
    pub cause: Cause,
    /// Who is asked.
    pub connector: ConnectorName,
    /// For which change.
    pub change_id: Option<ChangeId>,
    /// What a refund gives back of which lines.
    pub parts: Vec<Part>,
    /// How often the same was refused before: who asks again waits.
    pub refusals: u32,
}

/// The operation that begins next. None while one is open, and when there is nothing left to do.
///
/// `history` is in its order; `change` is the one that the last operation belonged to, or that just begins.
pub fn next_step(payment: &Payment, history: &[Done], change: Option<&Change>) -> Option<Step> {
    if history.iter().any(|done| done.state.is_open()) {
        return None;
    }
    if let Some(step) = fall_back(payment, history) {
        return Some(step);
    }
    if given_up(history).is_some() {
        return release(payment, history);
    }
    match change {
        Some(change) => carry_out(payment, history, change),
        None => order(payment, history),
    }
}

/// Asks the next connector of the route for what the one before it refused. Only where nothing else happened yet but such
/// refusals: then nobody holds or took anything, and the payment may go to another one as a whole.
fn fall_back(payment: &Payment, history: &[Done]) -> Option<Step> {
    let next = payment.next_connector()?;
    let refused = history.last()?;
    let began_in_vain = |done: &Done| {
        done.cause.is_of_order()
            && done.operation.is_beginning()
            && done.state.is_refused()
            && done.tender_number == refused.tender_number
    };
    let asked = refused.connector.unwrap_or(payment.connector);
    if !history.iter().all(began_in_vain) || !may_be_answered_otherwise(asked, refused) {
        return None;
    }
    Some(Step {
        tender_number: refused.tender_number,
        operation: refused.operation,
        amount_minor: refused.amount_minor,
        cause: Cause::Fallback,
        connector: next,
        change_id: None,
        parts: Vec::new(),
        refusals: 0,
    })
}

/// One tender is sold at once. Of several, all are held before any of them is taken, so that what a refusal leaves to
/// undo has cost the buyer nothing yet.
fn order(payment: &Payment, history: &[Done]) -> Option<Step> {
    let step = |tender: &Tender, operation, amount_minor| Step {
        tender_number: tender.number,
        operation,
        amount_minor,
        cause: Cause::Order,
        connector: payment.connector,
        change_id: None,
        parts: Vec::new(),
        refusals: 0,
    };
    let did = |tender: &Tender, operation| {
        let mut of_tender = history.iter().filter(|done| done.tender_number == tender.number);
        of_tender.any(|done| done.did(operation) || done.did(Operation::Sale))
    };
    let is_automatic = payment.capture == Capture::Automatic;
    let mut tenders = payment.tenders.iter();
    if let Some(tender) = tenders.find(|tender| !did(tender, Operation::Authorize)) {
        let operation = match payment.tenders.as_slice() {
            [_] if is_automatic => Operation::Sale,
            _ => Operation::Authorize,
        };
        return Some(step(tender, operation, tender.amounts.amount_minor));
    }
    if !is_automatic {
        return None;
    }
    let mut tenders = payment.tenders.iter();
    let tender = tenders.find(|tender| !did(tender, Operation::Capture))?;
    Some(step(tender, Operation::Capture, tender.amounts.held_minor()))
}

/// Lets go of what is held, and gives back what was taken, the last tender first. One that was refused comes after those
/// that were refused less often, so that it keeps none of them waiting.
fn release(payment: &Payment, history: &[Done]) -> Option<Step> {
    let undo = |tender: &Tender| {
        let amounts = tender.amounts;
        if amounts.held_minor() > 0 {
            Some((Operation::Void, amounts.held_minor()))
        } else if amounts.kept_minor() > 0 {
            Some((Operation::Refund, amounts.kept_minor()))
        } else {
            None
        }
    };
    let refusals = |tender: &Tender, operation| {
        let refused = history.iter().filter(|done| {
            done.cause == Cause::Release
                && done.tender_number == tender.number
                && done.operation == operation
                && done.state.is_refused()
        });
        refused.count()
    };
    let left = payment.tenders.iter().rev().filter_map(|tender| {
        let (operation, amount_minor) = undo(tender)?;
        Some((tender, operation, amount_minor, refusals(tender, operation)))
    });
    let (tender, operation, amount_minor, refusals) = left.min_by_key(|(.., refusals)| *refusals)?;
    Some(Step {
        tender_number: tender.number,
        operation,
        amount_minor,
        cause: Cause::Release,
        connector: payment.connector,
        change_id: None,
        parts: Vec::new(),
        refusals: u32::try_from(refusals).unwrap_or(u32::MAX),
    })
}

/// Goes on with a change until it is done, or one of its operations was refused.
fn carry_out(payment: &Payment, history: &[Done], change: &Change) -> Option<Step> {
    let operation = change.command.operation()?;
    let own: Vec<&Done> = history
        .iter()
        .filter(|done| done.change_id == Some(change.id))
        .collect();
    if own.iter().any(|done| done.state != OperationState::Succeeded) {
        return None;
    }
    let done_minor = own
        .iter()
        .fold(0_i64, |sum, done| sum.saturating_add(done.amount_minor));
    let left_minor = change.amount_minor.saturating_sub(done_minor);
    // A change for 0 is one operation for 0.
    if left_minor <= 0 && !own.is_empty() {
        return None;
    }
    let mut tenders: Vec<&Tender> = payment.tenders.iter().collect();
    if operation == Operation::Refund {
        tenders.sort_by_key(|tender| (tender.refund_rank, tender.number));
    }
    let room = |tender: &&Tender| match change.tender_number {
        Some(number) => tender.number == number,
        None => left_minor == 0 || most(tender.amounts, operation) > 0,
    };
    let tender = tenders.into_iter().find(room)?;
    let amount_minor = left_minor.min(most(tender.amounts, operation));
    let (amount_minor, parts) = match operation {
        Operation::Refund => goes_back(&payment.lines, change, done_minor, amount_minor)?,
        _ => (amount_minor, Vec::new()),
    };
    Some(Step {
        tender_number: tender.number,
        operation,
        amount_minor,
        cause: Cause::Caller,
        connector: payment.connector,
        change_id: Some(change.id),
        parts,
        refusals: 0,
    })
}

fn most(amounts: TenderAmounts, operation: Operation) -> i64 {
    amounts.most_minor(operation).unwrap_or(i64::MAX)
}

/// What goes back next of which lines, and how much that is. Of lines that the caller named it ends where a dispute took what
/// was to go back while an earlier tender gave back its share: none where nothing is left of the next one.
fn goes_back(
    lines: &[OwedLine],
    change: &Change,
    done_minor: i64,
    amount_minor: i64,
) -> Option<(i64, Vec<Part>)> {
    if change.parts.is_empty() {
        return Some((amount_minor, spread(lines, amount_minor)));
    }
    let parts = fitting(lines, take(&change.parts, done_minor, amount_minor));
    let minor = total(parts.iter().map(|part| part.amount_minor))?;
    (minor > 0).then_some((minor, parts))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
