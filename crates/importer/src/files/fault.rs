//! What is wrong with a row, and where.

use std::fmt;
use std::path::PathBuf;

use calendar::CalendarError;
use money::MoneyError;
use serde::{Serialize, Serializer};

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The header names no such column; nothing of the file can be used.
    #[error("the header has no such column")]
    MissingColumn,
    /// The header names a column twice; nothing of the file can be used.
    #[error("the header has this column twice")]
    DuplicateColumn,
    /// The row is shorter or longer than the header.
    #[error("the row has {found} fields, the header {expected}")]
    FieldCount {
        /// As many as the header has.
        expected: usize,
        /// As many as the row has.
        found: usize,
    },
    /// A field is not UTF-8.
    #[error("the text is not UTF-8: save the file as UTF-8")]
    NotUtf8,
    /// A field goes on over the end of its line, as it does when a quote is never closed.
    #[error("the field contains a line break: is a quote not closed?")]
    LineBreak,
    /// The field may not be empty.
    #[error("the field is empty")]
    Empty,
    /// More characters than the platform keeps.
    #[error("the text has {found} characters, the platform keeps {most} at most")]
    TooLong {
        /// As many as there may be.
        most: usize,
        /// As many as there are.
        found: usize,
    },
    /// A card number, which must be stored nowhere.
    #[error("the text holds a card number, which the platform takes nowhere: take it out")]
    CardNumber,
    /// Not a whole number of 1 or more.
    #[error("`{text}` is not a whole number of 1 or more")]
    NotANumber {
        /// What stands there.
        text: String,
    },
    /// Not an amount of the currency.
    #[error(transparent)]
    Amount(#[from] MoneyError),
    /// An amount below zero: returns are refunds, not orders.
    #[error("`{text}` is negative: an order's amounts are 0 or more, a return is a refund of its payment")]
    Negative {
        /// What stands there.
        text: String,
    },
    /// Not a time.
    #[error("`{text}` is not a time since 2000: write it as 2026-11-22 09:30:00")]
    NotADate {
        /// What stands there.
        text: String,
    },
    /// A time that is still to come.
    #[error("`{text}` is in the future")]
    InFuture {
        /// What stands there.
        text: String,
    },
    /// The clocks of the zone jumped over this time.
    #[error(transparent)]
    SkippedTime(CalendarError),
    /// A method that has no kind of tender.
    #[error(
        "`{text}` is not a known method: use credit_card, debit_card, boleto, voucher, card, bank_transfer, points or cash"
    )]
    UnknownMethod {
        /// What stands there.
        text: String,
    },
    /// A seller that an earlier row has already.
    #[error("the seller `{seller}` has a row already")]
    DuplicateSeller {
        /// The seller.
        seller: String,
    },
    /// A line number that another row of the order has already.
    #[error("line {line} of the order `{order}` has a row already")]
    DuplicateLine {
        /// The order.
        order: String,
        /// Its line.
        line: u32,
    },
    /// A sequence number that another row of the order has already.
    #[error("payment {sequence} of the order `{order}` has a row already")]
    DuplicatePayment {
        /// The order.
        order: String,
        /// The number within it.
        sequence: u32,
    },
    /// A line of a seller that the partners' file does not have.
    #[error("the seller `{seller}` has no sound row in the partners' file")]
    UnknownSeller {
        /// The seller.
        seller: String,
    },
    /// An order that nothing was paid for.
    #[error("the order `{order}` has no payment")]
    NoPayment {
        /// The order.
        order: String,
    },
    /// A payment of an order that the orders' file does not have.
    #[error("the order `{order}` has no line in the orders' file")]
    NoOrder {
        /// The order.
        order: String,
    },
}

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowError {
    /// The file it stands in.
    pub file: PathBuf,
    /// The line its row begins on; the header is line 1.
    pub line: u64,
    /// The column, by its name; none where the whole row is meant.
    pub column: Option<&'static str>,
    /// What is wrong.
    #[serde(serialize_with = "as_text")]
    pub reason: Fault,
}

fn as_text<S: Serializer>(fault: &Fault, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fault)
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)?;
        if let Some(column) = self.column {
            write!(f, " {column}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// The rows that cannot be used: how many, and the first of them. One wrong column makes every row wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// How many there are.
    pub count: u64,
    /// The first 1,000.
    pub first: Vec<RowError>,
}

impl Faults {
    const KEPT: usize = 1_000;
    const SHOWN: usize = 20;

    pub(crate) fn push(&mut self, error: RowError) {
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(error);
        }
    }

    /// Whether every row can be used.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The first 20, one a line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in self.first.iter().take(Self::SHOWN) {
            writeln!(f, "  {error}")?;
        }
        let shown = crate::totals::count(self.first.len().min(Self::SHOWN));
        if self.count > shown {
            writeln!(f, "  and {} more", self.count - shown)?;
        }
        Ok(())
    }
}
