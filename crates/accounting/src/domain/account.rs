//! The accounts that postings use.

use contracts::events::{Side, TenderKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An account (계정) of the chart, in the chart's order. Names, numbers and types stand in the table `accounts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Account {
    /// Cash.
    Cash,
    /// What payment service providers owe for captured cards.
    ReceivableCard,
    /// What banks owe for transfers and slips.
    ReceivableBank,
    /// Payments that captured less than their lines owe, and what disputes took beyond what lines had left.
    SuspenseShort,
    /// What partners earned with lines that no statement counts yet.
    PartnerPayableUnsettled,
    /// What statements say is to be paid out.
    PartnerPayableSettled,
    /// What statements left for later ones: amounts below the minimum, and negative ones.
    PartnerPayableCarried,
    /// Vouchers that are not redeemed; paying by voucher makes it smaller.
    VoucherLiability,
    /// Points that are not redeemed; paying by points makes it smaller.
    PointsLiability,
    /// VAT on fees, owed to the tax office.
    VatPayable,
    /// What buyers' banks took back, until it is decided whose it is: the receivable stands in full as long.
    DisputedFunds,
    /// Payments that captured more than their lines owe.
    SuspenseOver,
    /// Fees, without their VAT.
    FeeIncome,
    /// Discounts that the platform funds.
    DiscountExpense,
}

impl Account {
    /// All of them, in the chart's order.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 14] = [
        Self::Cash,
        Self::ReceivableCard,
        Self::ReceivableBank,
        Self::SuspenseShort,
        Self::PartnerPayableUnsettled,
        Self::PartnerPayableSettled,
        Self::PartnerPayableCarried,
        Self::VoucherLiability,
        Self::PointsLiability,
        Self::VatPayable,
        Self::DisputedFunds,
        Self::SuspenseOver,
        Self::FeeIncome,
        Self::DiscountExpense,
    ];

    /// The account's code in the chart.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::ReceivableCard => "receivable_card",
            Self::ReceivableBank => "receivable_bank",
            Self::SuspenseShort => "suspense_short",
            Self::PartnerPayableUnsettled => "partner_payable_unsettled",
            Self::PartnerPayableSettled => "partner_payable_settled",
            Self::PartnerPayableCarried => "partner_payable_carried",
            Self::VoucherLiability => "voucher_liability",
            Self::PointsLiability => "points_liability",
            Self::VatPayable => "vat_payable",
            Self::DisputedFunds => "disputed_funds",
            Self::SuspenseOver => "suspense_over",
            Self::FeeIncome => "fee_income",
            Self::DiscountExpense => "discount_expense",
        }
    }

    /// What grows, or what debt of the platform shrinks, when a tender of that kind is captured.
    pub(crate) fn of_tender(kind: TenderKind) -> Self {
        match kind {
            TenderKind::Card => Self::ReceivableCard,
            TenderKind::BankTransfer => Self::ReceivableBank,
            TenderKind::Voucher => Self::VoucherLiability,
            TenderKind::Points => Self::PointsLiability,
            TenderKind::Cash => Self::Cash,
        }
    }
}

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AccountType {
    /// What the platform has.
    Asset,
    /// What it owes.
    Liability,
    /// What belongs to its owners.
    Equity,
    /// What it earned.
    Income,
    /// What it spent.
    Expense,
}

impl AccountType {
    /// The type of that word in the database.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "asset" => Self::Asset,
            "liability" => Self::Liability,
            "equity" => Self::Equity,
            "income" => Self::Income,
            "expense" => Self::Expense,
            _ => return None,
        })
    }

    /// The side on which it grows.
    pub(crate) fn normal_side(self) -> Side {
        match self {
            Self::Asset | Self::Expense => Side::Debit,
            Self::Liability | Self::Equity | Self::Income => Side::Credit,
        }
    }
}

/// The word of a side in the database.
pub(crate) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Debit => "debit",
        Side::Credit => "credit",
    }
}
