//! What a contract says: how a partner's sales are priced, when they are settled and when they are paid.

use calendar::{Cycle, PayoutTerm, TimeZone};
use money::{Currency, Rate, Rounding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The terms of one version of a contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractTerms {
    /// The one currency of the sales that this contract prices.
    pub currency: Currency,
    /// Where its days begin and end.
    #[serde(default)]
    pub time_zone: TimeZone,
    /// Whose holidays count: `KR`, `BR`, `US`, or `NONE` for weekends only.
    #[serde(default = "korea")]
    #[schema(default = "KR")]
    pub holidays: String,
    /// What the fee is a share of.
    #[serde(default)]
    pub fee_base: FeeBase,
    /// The fee in parts per million where no category has a rate of its own: 120000 is 12 %.
    pub rate_ppm: Rate,
    /// Rates of single categories.
    #[serde(default)]
    pub category_rates: Vec<CategoryRate>,
    /// The least fee of a line, in minor units.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub fee_minimum_minor: Option<i64>,
    /// The greatest fee of a line, in minor units.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub fee_maximum_minor: Option<i64>,
    /// A fixed fee of every line, beside its share, in minor units.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub flat_fee_minor: i64,
    /// The value-added tax on the fee.
    #[serde(default)]
    pub fee_vat: FeeVat,
    /// How a computed fee or tax is rounded to the minor unit.
    #[serde(default)]
    pub rounding: Rounding,
    /// What happens to shipping.
    #[serde(default)]
    pub shipping: ShippingRule,
    /// When a window of sales closes.
    pub cycle: Cycle,
    /// When a closed window is paid.
    pub payout: PayoutTerm,
    /// A statement below this carries forward, in minor units.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub minimum_payout_minor: i64,
}

fn korea() -> String {
    "KR".to_owned()
}

impl ContractTerms {
    /// The rate of that category: its own, or the contract's.
    pub fn rate_of(&self, category: &str) -> Rate {
        self.category_rates
            .iter()
            .find(|c| c.category == category)
            .map_or(self.rate_ppm, |c| c.rate_ppm)
    }
}

/// The rate of one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryRate {
    /// As it stands on payment lines.
    pub category: String,
    /// Parts per million.
    pub rate_ppm: Rate,
}

/// What the fee is a share of. G is price x quantity; Dp and Dm are the discounts that partner and platform fund.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeeBase {
    /// G.
    #[default]
    Gross,
    /// G - Dp.
    LessPartnerDiscounts,
    /// G - Dp - Dm.
    LessAllDiscounts,
}

/// The value-added tax on the fee, and who bears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeeVat {
    /// Parts per million: 100000 is 10 %.
    pub rate_ppm: Rate,
    /// The partner pays it on top of the fee, or the platform pays it out of the fee.
    pub borne_by: Bearer,
}

impl Default for FeeVat {
    /// 10 % on top, borne by the partner.
    fn default() -> Self {
        Self {
            rate_ppm: Rate::from_ppm(100_000).unwrap_or(Rate::ZERO),
            borne_by: Bearer::Partner,
        }
    }
}

/// Partner or platform: who bears a tax or funds a discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bearer {
    /// The seller.
    Partner,
    /// The marketplace.
    Platform,
}

/// What happens to the shipping that the buyer paid. It always passes to the partner; the question is the fee.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum ShippingRule {
    /// Without a fee.
    #[default]
    PassThrough,
    /// A share of it is added to the fee.
    WithFee {
        /// Parts per million.
        rate_ppm: Rate,
    },
}
