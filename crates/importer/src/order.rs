//! An order as the files tell it, once it is known to be whole.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contracts::events::TenderKind;

/// Who sells; becomes a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seller {
    /// The operator's own name for it, unique.
    pub reference: Arc<str>,
    /// Where it is; may be empty.
    pub city: String,
}

impl Seller {
    /// What people will call the partner: reference and city.
    pub fn name(&self) -> String {
        if self.city.is_empty() {
            self.reference.to_string()
        } else {
            format!("{}, {}", self.reference, self.city)
        }
    }
}

/// An order with all its lines and all that was paid for it. Amounts are minor units of the import's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The operator's own name for it, unique.
    pub reference: String,
    /// When it was sold: the earliest of its lines.
    pub sold_at: DateTime<Utc>,
    /// What the buyer owes, by line number; never empty.
    pub lines: Vec<Line>,
    /// What the buyer paid, by sequence; never empty.
    pub tenders: Vec<Tender>,
}

impl Order {
    /// What the buyer owes, in minor units.
    pub fn owed_minor(&self) -> i128 {
        self.lines
            .iter()
            .map(|line| i128::from(line.price_minor) + i128::from(line.freight_minor))
            .sum()
    }

    /// What the buyer paid, in minor units.
    pub fn paid_minor(&self) -> i128 {
        self.tenders
            .iter()
            .map(|tender| i128::from(tender.amount_minor))
            .sum()
    }

    /// Paid less owed, in minor units: 0 unless the order is a break.
    pub fn difference_minor(&self) -> i128 {
        self.paid_minor() - self.owed_minor()
    }
}

/// One thing of one seller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Unique within the order.
    pub number: u32,
    /// Whose sale it is.
    pub seller: Arc<str>,
    /// Decides the rate; may be empty.
    pub category: Arc<str>,
    /// The price, VAT included, in minor units, 0 or more.
    pub price_minor: i64,
    /// Shipping on top of it, in minor units, 0 or more.
    pub freight_minor: i64,
}

/// One means of paying an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tender {
    /// Unique within the order.
    pub sequence: u32,
    /// Which means.
    pub kind: TenderKind,
    /// Minor units, 0 or more.
    pub amount_minor: i64,
}

/// The platform's word for a file's method of payment; its own words are understood too.
pub(crate) fn tender_kind(method: &str) -> Option<TenderKind> {
    Some(match method {
        "credit_card" | "debit_card" | "card" => TenderKind::Card,
        "boleto" | "bank_transfer" => TenderKind::BankTransfer,
        "voucher" => TenderKind::Voucher,
        "points" => TenderKind::Points,
        "cash" => TenderKind::Cash,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use contracts::events::TenderKind;

    use super::tender_kind;

    #[test]
    fn a_method_becomes_the_platforms_kind_and_an_unknown_one_none() {
        for (method, kind) in [
            ("credit_card", Some(TenderKind::Card)),
            ("debit_card", Some(TenderKind::Card)),
            ("boleto", Some(TenderKind::BankTransfer)),
            ("voucher", Some(TenderKind::Voucher)),
            ("points", Some(TenderKind::Points)),
            ("Credit_Card", None),
            ("not_defined", None),
            ("", None),
        ] {
            assert_eq!(tender_kind(method), kind, "{method}");
        }
        for kind in [
            TenderKind::Card,
            TenderKind::BankTransfer,
            TenderKind::Voucher,
            TenderKind::Points,
            TenderKind::Cash,
        ] {
            assert_eq!(tender_kind(kind.as_str()), Some(kind));
        }
    }
}
