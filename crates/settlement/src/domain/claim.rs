//! What a dispute takes of a line, and what it gives back of that.

use chrono::{DateTime, NaiveDate, Utc};
use contracts::events::{DisputeChanged, DisputedFunds};
use ids::{DisputeId, PaymentId, SettlementDetailId};
use money::{MoneyError, Rate};

use super::contract::{Account, Versions};
use super::line::{LineKey, SaleLine};
use super::pricing::Price;
use super::reversal::Original;
use super::takes_back::{TakesBack, place_beside};
use super::window::Placement;

/// Which way the money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The buyer's bank took it.
    Withdrawn,
    /// It gave it back.
    Returned,
}

impl Way {
    /// None where no money moved.
    fn of(funds: DisputedFunds) -> Option<Self> {
        match funds {
            DisputedFunds::Unmoved => None,
            DisputedFunds::Withdrawn => Some(Self::Withdrawn),
            DisputedFunds::Returned => Some(Self::Returned),
        }
    }

    /// As it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Returned => "returned",
        }
    }

    /// The way of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Withdrawn, Self::Returned]
            .into_iter()
            .find(|way| way.as_str() == word)
    }
}

/// The part of a line that one change of a dispute moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The id of the line that it becomes, given out when the change comes in.
    pub id: SettlementDetailId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The number of the line within the payment.
    pub line_number: i32,
    /// Whose sale, in which currency.
    pub account: Account,
    /// The dispute.
    pub dispute_id: DisputeId,
    /// Which change of it.
    pub version: i32,
    /// Which way the money went.
    pub way: Way,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// When the money moved; decides the window.
    pub changed_at: DateTime<Utc>,
    /// How much, in minor units, more than 0.
    pub disputed_minor: i64,
}

/// A claim with its price and the window that counts it.
#[derive(Debug, Clone, PartialEq)]
pub struct PricedClaim<'a> {
    /// What was told of it.
    pub claim: &'a Claim,
    /// The line that is disputed.
    pub disputes: SettlementDetailId,
    /// As it is written down: quantity -1, at what is disputed.
    pub line: SaleLine,
    /// Where it goes; by the version that priced the original.
    pub placement: Placement<'a>,
    /// What it takes or gives back: that amount, without a fee.
    pub price: Price,
    /// The day of the change in the time zone of the version in force on it.
    pub changed_on: NaiveDate,
}

impl Claim {
    /// What a change of a dispute moved, by line, each under a fresh id; nothing where no money moved. What is disputed
    /// beyond the lines is of no partner, and not settled. The error says which line can't be right.
    pub fn of(told: &DisputeChanged) -> Result<Vec<Self>, String> {
        let Some(way) = Way::of(told.funds) else {
            return Ok(Vec::new());
        };
        let lines: i128 = told
            .lines
            .iter()
            .map(|line| i128::from(line.disputed_minor))
            .sum();
        if lines > i128::from(told.amount.amount_minor()) {
            return Err(format!(
                "its lines add up to {lines}, of {} that are disputed",
                told.amount.amount_minor()
            ));
        }
        let claims = told.lines.iter().map(|line| {
            if line.disputed_minor <= 0 {
                return Err(format!(
                    "of line {} {} are disputed",
                    line.line_number, line.disputed_minor
                ));
            }
            Ok(Self {
                id: SettlementDetailId::generate(),
                payment_id: told.payment_id,
                line_number: line.line_number,
                account: Account {
                    partner_id: line.partner_id,
                    currency: told.amount.currency(),
                },
                dispute_id: told.dispute_id,
                version: told.version,
                way,
                sold_at: told.sold_at,
                changed_at: told.changed_at,
                disputed_minor: line.disputed_minor,
            })
        });
        claims.collect()
    }

    /// What it adds to what the partner earned.
    fn net(&self) -> Result<i64, MoneyError> {
        match self.way {
            Way::Withdrawn => self.disputed_minor.checked_neg().ok_or(MoneyError::Overflow),
            Way::Returned => Ok(self.disputed_minor),
        }
    }

    /// The line that it becomes. It takes nothing of discounts, shipping and tax: who bears a dispute is not the contract's
    /// fee but the money that is gone.
    fn line(&self, original: &Original) -> Result<SaleLine, MoneyError> {
        Ok(SaleLine {
            id: self.id,
            payment_id: self.payment_id,
            line_number: self.line_number,
            account: original.account,
            sold_at: original.sold_at,
            category: original.category.clone(),
            // Times -1 this is G.
            unit_price_minor: self.net()?.checked_neg().ok_or(MoneyError::Overflow)?,
            quantity: -1,
            tax_free_minor: 0,
            partner_discount_minor: 0,
            platform_discount_minor: 0,
            shipping_minor: 0,
        })
    }

    /// The amount without a fee: the fee of a sale is not given back where a bank takes the money.
    fn price(&self, original: &Original) -> Result<Price, MoneyError> {
        let net_minor = self.net()?;
        Ok(Price {
            gross_minor: net_minor,
            fee_base_minor: 0,
            fee_rate: Rate::ZERO,
            share_fee_minor: 0,
            flat_fee_minor: 0,
            shipping_fee_minor: 0,
            fee_minor: 0,
            fee_vat_minor: 0,
            fee_vat_borne_by: original.fee_vat_borne_by,
            net_minor,
        })
    }
}

impl TakesBack for Claim {
    type Priced<'a> = PricedClaim<'a>;

    fn key(&self) -> LineKey {
        (self.payment_id, self.line_number)
    }

    fn account(&self) -> Account {
        self.account
    }

    fn priced<'a>(
        &'a self,
        original: &Original,
        versions: &'a Versions,
        closed_through: Option<NaiveDate>,
    ) -> Result<PricedClaim<'a>, String> {
        if self.account != original.account || self.disputed_minor > original.owed_minor {
            return Err(format!(
                "{} was sold by {} for {} {}, and {} of it are disputed as if it was sold by {} in {}",
                original.id,
                original.account.partner_id,
                original.owed_minor,
                original.account.currency,
                self.disputed_minor,
                self.account.partner_id,
                self.account.currency
            ));
        }
        let (placement, changed_on) = place_beside(original, versions, self.changed_at, closed_through)?;
        Ok(PricedClaim {
            claim: self,
            disputes: original.id,
            line: self.line(original).map_err(|e| e.to_string())?,
            placement,
            price: self.price(original).map_err(|e| e.to_string())?,
            changed_on,
        })
    }
}

#[cfg(test)]
#[path = "claim_tests.rs"]
mod tests;
