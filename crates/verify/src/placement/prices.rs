//! Priced lines: every step of every price, and the window of every line, is worked out again.

use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::{Bearer, ContractTerms, FeeBase};
use money::Rounding;
use sqlx::FromRow;
use uuid::Uuid;

use super::disputes::Disputed;
use super::reversals::{Reversal, Row, in_force, misdated};
use super::{differ, every_row, is_overruled, knows_calendar};
use crate::VerifyError;
use crate::databases::Databases;
use crate::names;
use crate::pricing::{Sale, Steps, steps};
use crate::report::Check;
use crate::terms::{Contracts, Version, days, in_force_at};

pub(super) async fn check(
    databases: &Databases,
    contracts: &Contracts,
    checks: &mut Vec<Check>,
) -> Result<(), VerifyError> {
    let mut check = databases.check(
        "prices",
        "every step of every priced line follows from its contract, and its window is the right one",
    );
    let sql = include_str!("../sql/settlement/details.sql");
    every_row(databases, "details", sql, &mut check, |detail: &Detail| {
        (format!("sln:{}", detail.id), detail.faults(contracts))
    })
    .await?;
    check.done(checks);
    Ok(())
}

#[derive(Debug, FromRow)]
struct Detail {
    id: Uuid,
    partner_id: Uuid,
    currency: String,
    category: String,
    unit_price_minor: i64,
    quantity: i32,
    gross_minor: i64,
    partner_discount_minor: i64,
    platform_discount_minor: i64,
    fee_base: String,
    fee_base_minor: i64,
    fee_rate_ppm: i32,
    share_fee_minor: i64,
    flat_fee_minor: i64,
    shipping_fee_minor: i64,
    fee_minor: i64,
    fee_vat_rate_ppm: i32,
    fee_vat_minor: i64,
    fee_vat_borne_by: String,
    shipping_minor: i64,
    net_minor: i64,
    rounding: String,
    contract_id: Uuid,
    contract_version: i32,
    sold_at: DateTime<Utc>,
    sold_on: NaiveDate,
    recorded_at: DateTime<Utc>,
    calendar_version: String,
    window_partner_id: Option<Uuid>,
    window_currency: Option<String>,
    window_starts_on: Option<NaiveDate>,
    window_ends_on: Option<NaiveDate>,
    window_time_zone: Option<String>,
    closed_through: Option<NaiveDate>,
    #[sqlx(flatten)]
    reversal: Reversal,
    #[sqlx(flatten)]
    disputed: Disputed,
}

impl Detail {
    fn faults(&self, contracts: &Contracts) -> Vec<String> {
        let account = (self.partner_id, self.currency.clone());
        let Some(version) = contracts.version(&account, self.contract_id, self.contract_version) else {
            return vec![format!(
                "was priced by version {} of {}, which is not known",
                self.contract_version,
                names::known(&format!("con:{}", self.contract_id))
            )];
        };
        let mut faults = Vec::new();
        self.check_terms(&version.terms, &mut faults);
        let versions = contracts.of(&account);
        if self.reversal.is_one() {
            let price = self.reversal.of(&self.row(), &version.terms);
            let happened = (self.reversal.at(), self.reversal.day());
            self.check_beside(price, happened, version, versions, &mut faults);
            return faults;
        }
        if self.disputed.is_one() {
            let price = self.disputed.of(&self.row());
            let happened = (self.disputed.at(), self.disputed.day());
            self.check_beside(price, happened, version, versions, &mut faults);
            return faults;
        }
        self.check_price(version, &mut faults);
        let in_force = in_force_at(versions, self.sold_at);
        if is_overruled(versions, in_force, version, self.recorded_at) {
            faults.push(format!(
                "version {} was not in force at the sale",
                version.version
            ));
        }
        differ(
            &mut faults,
            "sold_on",
            version.terms.time_zone.date_of(self.sold_at),
            self.sold_on,
        );
        self.check_calendar(versions, &mut faults);
        faults.extend(self.misplaced(version, self.sold_on));
        faults
    }

    /// What stands there, as far as the price follows from it.
    fn row(&self) -> Row<'_> {
        Row {
            account: (self.partner_id, &self.currency),
            category: &self.category,
            contract: (self.contract_id, self.contract_version),
            sold: (self.sold_at, self.sold_on),
            gross: i128::from(self.unit_price_minor) * i128::from(self.quantity),
            by_partner: self.partner_discount_minor.into(),
            by_platform: self.platform_discount_minor.into(),
            shipping: self.shipping_minor.into(),
        }
    }

    /// What takes back: priced by its original, placed by the day on which it happened.
    fn check_beside(
        &self,
        price: Result<Steps, String>,
        (at, on): (Option<DateTime<Utc>>, NaiveDate),
        version: &Version,
        versions: &[Version],
        faults: &mut Vec<String>,
    ) {
        match price {
            Ok(wanted) => differ(faults, "price", wanted, self.steps()),
            Err(problem) => faults.push(problem),
        }
        self.check_calendar(versions, faults);
        let problems: Vec<Option<String>> = in_force(at, version, versions, self.recorded_at)
            .into_iter()
            .map(|by| misdated(at, on, by).or_else(|| self.misplaced(by, on)))
            .collect();
        if !problems.contains(&None) {
            faults.extend(problems.into_iter().flatten().next());
        }
    }

    /// Its steps as they stand there.
    fn steps(&self) -> Steps {
        Steps {
            gross: self.gross_minor.into(),
            base: self.fee_base_minor.into(),
            rate_ppm: u32::try_from(self.fee_rate_ppm).unwrap_or(u32::MAX),
            share: self.share_fee_minor.into(),
            flat: self.flat_fee_minor.into(),
            of_shipping: self.shipping_fee_minor.into(),
            fee: self.fee_minor.into(),
            vat: self.fee_vat_minor.into(),
            net: self.net_minor.into(),
        }
    }

    fn check_price(&self, version: &Version, faults: &mut Vec<String>) {
        let wanted = steps(
            &version.terms,
            Sale {
                category: &self.category,
                unit_price: self.unit_price_minor.into(),
                quantity: self.quantity.into(),
                by_partner: self.partner_discount_minor.into(),
                by_platform: self.platform_discount_minor.into(),
                shipping: self.shipping_minor.into(),
            },
        );
        differ(faults, "price", wanted, self.steps());
    }

    /// What the line keeps of its contract.
    fn check_terms(&self, terms: &ContractTerms, faults: &mut Vec<String>) {
        let base = match terms.fee_base {
            FeeBase::Gross => "gross",
            FeeBase::LessPartnerDiscounts => "less_partner_discounts",
            FeeBase::LessAllDiscounts => "less_all_discounts",
        };
        differ(faults, "fee_base", base, self.fee_base.as_str());
        let rounding = match terms.rounding {
            Rounding::Down => "down",
            Rounding::Up => "up",
            Rounding::HalfUp => "half_up",
            Rounding::HalfEven => "half_even",
        };
        differ(faults, "rounding", rounding, self.rounding.as_str());
        let bearer = match terms.fee_vat.borne_by {
            Bearer::Partner => "partner",
            Bearer::Platform => "platform",
        };
        differ(faults, "fee_vat_borne_by", bearer, self.fee_vat_borne_by.as_str());
        differ(
            faults,
            "fee_vat_rate_ppm",
            Ok(terms.fee_vat.rate_ppm.ppm()),
            u32::try_from(self.fee_vat_rate_ppm),
        );
    }

    fn check_calendar(&self, versions: &[Version], faults: &mut Vec<String>) {
        if !knows_calendar(versions, &self.calendar_version) {
            faults.push(format!(
                "there is no calendar {} in its contracts",
                self.calendar_version
            ));
        }
    }

    /// What is wrong with its window: it is that of `day`; or, where that was closed when the line came in, a later one.
    fn misplaced(&self, version: &Version, day: NaiveDate) -> Option<String> {
        let (Some(starts_on), Some(ends_on), Some(zone)) =
            (self.window_starts_on, self.window_ends_on, &self.window_time_zone)
        else {
            return Some("its window does not exist".to_owned());
        };
        let owner = (self.window_partner_id, self.window_currency.as_deref());
        if owner != (Some(self.partner_id), Some(self.currency.as_str())) {
            return Some(format!("its window is that of another account: {owner:?}"));
        }
        let stands = days(starts_on, ends_on);
        let own = match version.window_of(day) {
            Ok(own) => own,
            Err(error) => return Some(error.to_string()),
        };
        if own == stands && zone == version.terms.time_zone.name() {
            return None;
        }
        let was_closed = self.closed_through.is_some_and(|closed| closed >= own.ends_on);
        (!was_closed || stands.ends_on <= own.ends_on).then(|| {
            format!(
                "happened on {day} and belongs into {} to {}, not into {starts_on} to {ends_on} ({zone})",
                own.starts_on, own.ends_on
            )
        })
    }
}
