//! The payments' file: one row a means of paying an order.

use super::assemble::{Drafts, Reading};
use super::fault::{Fault, Faults};
use super::field::{amount, excerpt, number, reference};
use super::table::{Row, Table};
use crate::order::tender_kind;
use crate::{ImportError, Tender};

/// Its columns.
pub(crate) const COLUMNS: [&str; 5] = ["order_id", "sequence", "method", "instalments", "amount"];

/// Reads the sound rows into the drafts of their orders; what is wrong with the others goes to `faults`, and their
/// orders are spoiled.
pub(crate) fn read(
    mut table: Table<5>,
    reading: &Reading,
    drafts: &mut Drafts,
    faults: &mut Faults,
) -> Result<(), ImportError> {
    let width = table.width();
    while let Some(row) = table.next()? {
        if let Err(error) = row.sound(width) {
            drafts.spoil_any_of(row.fields());
            faults.push(error);
            continue;
        }
        let reference = match reference(row.text("order_id")) {
            Ok(reference) => reference,
            Err(fault) => {
                faults.push(row.error(Some("order_id"), fault));
                continue;
            }
        };
        let tender = tender(&row, reading);
        let Some(draft) = drafts.of_payment(reference) else {
            let order = excerpt(reference);
            faults.push(row.error(Some("order_id"), Fault::NoOrder { order }));
            continue;
        };
        match tender {
            Ok(tender)
                if draft
                    .tenders
                    .iter()
                    .any(|other| other.sequence == tender.sequence) =>
            {
                draft.spoiled = true;
                let order = excerpt(reference);
                let sequence = tender.sequence;
                faults.push(row.error(Some("sequence"), Fault::DuplicatePayment { order, sequence }));
            }
            Ok(tender) => draft.tenders.push(tender),
            Err(found) => {
                draft.spoiled = true;
                for (column, fault) in found {
                    faults.push(row.error(Some(column), fault));
                }
            }
        }
    }
    Ok(())
}

/// The tender of a row, or all that is wrong with it.
fn tender(row: &Row<'_, 5>, reading: &Reading) -> Result<Tender, Vec<(&'static str, Fault)>> {
    let method = row.text("method");
    let kind = tender_kind(method).ok_or_else(|| Fault::UnknownMethod {
        text: excerpt(method),
    });
    let parts = (
        number(row.text("sequence")),
        kind,
        number(row.text("instalments")),
        amount(row.text("amount"), reading.currency),
    );
    match parts {
        (Ok(sequence), Ok(kind), Ok(_), Ok(amount_minor)) => Ok(Tender {
            sequence,
            kind,
            amount_minor,
        }),
        (sequence, kind, instalments, amount) => Err([
            ("sequence", sequence.err()),
            ("method", kind.err()),
            ("instalments", instalments.err()),
            ("amount", amount.err()),
        ]
        .into_iter()
        .filter_map(|(column, fault)| Some((column, fault?)))
        .collect()),
    }
}
