//! The orders' file: one row a line of an order.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::assemble::{Drafts, Reading};
use super::fault::{Fault, Faults};
use super::field::{REFERENCE, amount, excerpt, number, reference, short, time};
use super::partners::Sellers;
use super::table::{Row, Table};
use crate::{ImportError, Line};

/// Its columns.
pub(crate) const COLUMNS: [&str; 7] = [
    "order_id",
    "line",
    "seller_id",
    "category",
    "sold_at",
    "price",
    "freight",
];

/// Reads the sound rows into `drafts`; what is wrong with the others goes to `faults`, and their orders are spoiled.
pub(crate) fn read(
    mut table: Table<7>,
    reading: &Reading,
    sellers: &Sellers,
    drafts: &mut Drafts,
    faults: &mut Faults,
) -> Result<(), ImportError> {
    let width = table.width();
    let mut categories = HashSet::new();
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
        let draft = drafts.of_line(reference, row.line());
        match line(&row, reading, sellers, &mut categories) {
            Ok((line, _)) if draft.lines.iter().any(|other| other.number == line.number) => {
                draft.spoiled = true;
                let order = excerpt(reference);
                let fault = Fault::DuplicateLine {
                    order,
                    line: line.number,
                };
                faults.push(row.error(Some("line"), fault));
            }
            Ok((line, sold_at)) => draft.add_line(line, sold_at),
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

type ColumnFaults = Vec<(&'static str, Fault)>;

/// The line of a row and when it was sold, or all that is wrong with it.
fn line(
    row: &Row<'_, 7>,
    reading: &Reading,
    sellers: &Sellers,
    categories: &mut HashSet<Arc<str>>,
) -> Result<(Line, DateTime<Utc>), ColumnFaults> {
    let money = |column| amount(row.text(column), reading.currency);
    let parts = (
        number(row.text("line")),
        sellers.named(row.text("seller_id")),
        time(row.text("sold_at"), reading.time_zone, reading.now),
        money("price"),
        money("freight"),
        short(row.text("category"), REFERENCE),
    );
    match parts {
        (Ok(number), Ok(seller), Ok(sold_at), Ok(price_minor), Ok(freight_minor), Ok(category)) => {
            let line = Line {
                number,
                seller,
                category: intern(categories, category),
                price_minor,
                freight_minor,
            };
            Ok((line, sold_at))
        }
        (number, seller, sold_at, price, freight, category) => Err([
            ("line", number.err()),
            ("seller_id", seller.err()),
            ("category", category.err()),
            ("sold_at", sold_at.err()),
            ("price", price.err()),
            ("freight", freight.err()),
        ]
        .into_iter()
        .filter_map(|(column, fault)| Some((column, fault?)))
        .collect()),
    }
}

/// One copy of a text that comes again and again.
fn intern(known: &mut HashSet<Arc<str>>, text: &str) -> Arc<str> {
    if let Some(found) = known.get(text) {
        return Arc::clone(found);
    }
    let fresh: Arc<str> = text.into();
    known.insert(Arc::clone(&fresh));
    fresh
}
