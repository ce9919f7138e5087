//! Three files become orders, and every row that does not fit is named.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use calendar::TimeZone;
use chrono::{DateTime, Utc};
use money::Currency;

use super::fault::{Fault, Faults, RowError};
use super::field::excerpt;
use super::partners::Sellers;
use super::table::Table;
use super::{orders, partners, payments};
use crate::{ImportError, Line, Order, Seller, Tender};

/// The three files, and how they are to be read.
#[derive(Debug, Clone)]
pub struct Sources {
    /// `seller_id,city,state`.
    pub partners: PathBuf,
    /// `order_id,line,seller_id,category,sold_at,price,freight`.
    pub orders: PathBuf,
    /// `order_id,sequence,method,instalments,amount`.
    pub payments: PathBuf,
    /// Of every amount.
    pub currency: Currency,
    /// Of every `sold_at`.
    pub time_zone: TimeZone,
}

/// What the files hold.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Everyone of the partners' file.
    pub sellers: Vec<Seller>,
    /// The orders that are whole, in the file's order.
    pub orders: Vec<Order>,
    /// The rows that cannot be used.
    pub faults: Faults,
    /// Whether a header lacks a column: then no row was read.
    pub header_broken: bool,
    /// How many orders are not among `orders` because a row of theirs cannot be used.
    pub left_out: u64,
    /// How many of `orders` have lines sold at different times; the earliest counts.
    pub several_times: u64,
}

/// What every file is read with.
pub(crate) struct Reading {
    pub(crate) currency: Currency,
    pub(crate) time_zone: TimeZone,
    pub(crate) now: DateTime<Utc>,
}

/// Reads and checks everything. A file that cannot be read is an error; rows that cannot be used are in the answer,
/// and it is for the caller to go on without them or not.
pub fn check(sources: &Sources, now: DateTime<Utc>) -> Result<Checked, ImportError> {
    let mut faults = Faults::default();
    let partners = Table::open(&sources.partners, partners::COLUMNS, &mut faults)?;
    let orders = Table::open(&sources.orders, orders::COLUMNS, &mut faults)?;
    let payments = Table::open(&sources.payments, payments::COLUMNS, &mut faults)?;
    let (Some(partners), Some(orders), Some(payments)) = (partners, orders, payments) else {
        return Ok(Checked {
            header_broken: true,
            ..Drafts::default().finish(sources, Vec::new(), faults)
        });
    };
    let reading = Reading {
        currency: sources.currency,
        time_zone: sources.time_zone,
        now,
    };
    let sellers = Sellers::read(partners, &mut faults)?;
    let mut drafts = Drafts::default();
    orders::read(orders, &reading, &sellers, &mut drafts, &mut faults)?;
    payments::read(payments, &reading, &mut drafts, &mut faults)?;
    Ok(drafts.finish(sources, sellers.all, faults))
}

/// An order that is still being gathered.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// How many orders the file has before it.
    place: usize,
    first_row: u64,
    sold_at: Option<DateTime<Utc>>,
    several_times: bool,
    pub(crate) lines: Vec<Line>,
    pub(crate) tenders: Vec<Tender>,
    pub(crate) spoiled: bool,
}

impl Draft {
    pub(crate) fn add_line(&mut self, line: Line, sold_at: DateTime<Utc>) {
        self.several_times |= self.sold_at.is_some_and(|known| known != sold_at);
        self.sold_at = Some(self.sold_at.map_or(sold_at, |known| known.min(sold_at)));
        self.lines.push(line);
    }

    /// The order, if it is whole.
    fn into_order(mut self, reference: String) -> Option<Order> {
        if self.spoiled {
            return None;
        }
        self.lines.sort_unstable_by_key(|line| line.number);
        self.tenders.sort_unstable_by_key(|tender| tender.sequence);
        Some(Order {
            reference,
            sold_at: self.sold_at?,
            lines: self.lines,
            tenders: self.tenders,
        })
    }
}

/// The orders that are being gathered: rows of one order need not stand together.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    drafts: HashMap<String, Draft>,
    /// Names of orders that may have a row which could not be told apart.
    suspects: HashSet<String>,
}

impl Drafts {
    /// The order that a line belongs to.
    pub(crate) fn of_line(&mut self, reference: &str, row: u64) -> &mut Draft {
        let next = self.drafts.len();
        self.drafts.entry(reference.to_owned()).or_insert_with(|| Draft {
            place: next,
            first_row: row,
            ..Draft::default()
        })
    }

    /// The order that a payment belongs to; none if there is none.
    pub(crate) fn of_payment(&mut self, reference: &str) -> Option<&mut Draft> {
        if !self.drafts.contains_key(reference) && self.suspects.contains(reference) {
            // All its lines stand in broken rows: known by its payment, and left out.
            self.of_line(reference, 0).spoiled = true;
        }
        self.drafts.get_mut(reference)
    }

    /// Spoils every order that is named somewhere in a row whose fields cannot be told apart.
    pub(crate) fn spoil_any_of<'a>(&mut self, fields: impl Iterator<Item = &'a str>) {
        for text in fields.flat_map(|field| field.split([',', '\n', '\r', '"', ';', '\t'])) {
            if !text.is_empty() {
                self.suspects.insert(text.to_owned());
            }
        }
    }

    fn finish(self, sources: &Sources, sellers: Vec<Seller>, mut faults: Faults) -> Checked {
        let (mut orders, mut left_out, mut several_times) = (Vec::with_capacity(self.drafts.len()), 0, 0);
        let mut drafts: Vec<(String, Draft)> = self.drafts.into_iter().collect();
        drafts.sort_unstable_by_key(|(_, draft)| draft.place);
        for (reference, mut draft) in drafts {
            draft.spoiled |= self.suspects.contains(&reference);
            if !draft.spoiled && draft.tenders.is_empty() {
                draft.spoiled = true;
                faults.push(RowError {
                    file: sources.orders.clone(),
                    line: draft.first_row,
                    column: Some("order_id"),
                    reason: Fault::NoPayment {
                        order: excerpt(&reference),
                    },
                });
            }
            let several = draft.several_times;
            match draft.into_order(reference) {
                Some(order) => {
                    several_times += u64::from(several);
                    orders.push(order);
                }
                None => left_out += 1,
            }
        }
        Checked {
            sellers,
            orders,
            faults,
            header_broken: false,
            left_out,
            several_times,
        }
    }
}
