//! Moves amounts: of the payment, its tenders and its lines.

use bus::Work;
use chrono::{DateTime, Utc};
use ids::TransactionId;

use super::broken;
use crate::connectors::Task;
use crate::domain::{Done, Operation, OwedLine, Part, Payment, Tender};
use crate::error::Error;
use crate::store::changes::Asked;
use crate::store::payment_lines;
use crate::store::tenders::{self, Moving};

/// Moves the amounts of the tender, and of the lines.
pub(super) async fn apply(
    work: &mut Work,
    payment: &mut Payment,
    history: &[Done],
    task: &Task,
    held_until: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let moving = moving(task);
    tenders::moved(work.conn(), moving, held_until).await?;
    let tender = tender_of(payment, task)?;
    tender.amounts = tender
        .amounts
        .after(task.operation, moving.amount_minor)
        .ok_or_else(|| out_of_bounds(task))?;
    tender.held_until = match tender.amounts.held_minor() {
        0 => None,
        _ => held_until.or(tender.held_until),
    };
    payment.captured_minor = payment.sum(|amounts| amounts.captured_minor);
    match task.operation {
        Operation::Refund => {
            let parts = parts_of(history, task.id);
            payment_lines::give_back(work.conn(), payment.id, parts, false).await?;
            for (line, minor) in of_lines(payment, parts) {
                line.refunded_minor = line.refunded_minor.saturating_add(minor);
            }
        }
        Operation::Authorize
        | Operation::Increment
        | Operation::Capture
        | Operation::Sale
        | Operation::Void => {}
    }
    Ok(())
}

/// Takes back what a refund that had succeeded gave back.
pub(super) async fn reverse(
    work: &mut Work,
    payment: &mut Payment,
    history: &[Done],
    task: &Task,
) -> Result<(), Error> {
    let moving = moving(task);
    tenders::reverse(work.conn(), moving).await?;
    let tender = tender_of(payment, task)?;
    tender.amounts = tender
        .amounts
        .after_reversal(moving.amount_minor)
        .ok_or_else(|| out_of_bounds(task))?;
    let parts = parts_of(history, task.id);
    payment_lines::give_back(work.conn(), payment.id, parts, true).await?;
    for (line, minor) in of_lines(payment, parts) {
        line.refunded_minor = line.refunded_minor.saturating_sub(minor);
    }
    Ok(())
}

fn moving(task: &Task) -> Moving {
    Moving {
        payment_id: task.payment_id,
        number: task.tender_number,
        operation: task.operation,
        amount_minor: task.amount.amount_minor(),
    }
}

fn tender_of<'a>(payment: &'a mut Payment, task: &Task) -> Result<&'a mut Tender, Error> {
    let mut tenders = payment.tenders.iter_mut();
    tenders
        .find(|tender| tender.number == task.tender_number)
        .ok_or_else(|| Error::Broken {
            payment_id: task.payment_id,
            rule: "an operation belongs to a tender".to_owned(),
        })
}

fn out_of_bounds(task: &Task) -> Error {
    Error::Broken {
        payment_id: task.payment_id,
        rule: "captured + voided <= authorized, refunded <= captured".to_owned(),
    }
}

fn parts_of(history: &[Done], id: TransactionId) -> &[Part] {
    history
        .iter()
        .find(|done| done.id == id)
        .map_or(&[], |done| &done.parts)
}

/// The lines that `parts` name, each with its amount.
pub(super) fn of_lines<'a>(
    payment: &'a mut Payment,
    parts: &'a [Part],
) -> impl Iterator<Item = (&'a mut OwedLine, i64)> {
    payment.lines.iter_mut().filter_map(|line| {
        let number = line.line.line_number;
        let part = parts.iter().find(|part| part.line_number == number)?;
        Some((line, part.amount_minor))
    })
}

/// Adds the lines that an increment is for.
pub(super) async fn enlarge(
    work: &mut Work,
    payment: &mut Payment,
    task: &Task,
    asked: Option<&Asked>,
) -> Result<(), Error> {
    let asked = asked.ok_or_else(|| broken(payment, "an increment was asked for"))?;
    let added: Vec<OwedLine> = asked.added.iter().cloned().map(OwedLine::new).collect();
    payment_lines::insert(work.conn(), payment.id, &added).await?;
    payment.lines.extend(added);
    let minor = task.amount.amount_minor();
    payment.owed_minor = payment.owed_minor.saturating_add(minor);
    payment.amount_minor = payment.amount_minor.saturating_add(minor);
    Ok(())
}
