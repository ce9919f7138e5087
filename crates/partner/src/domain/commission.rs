//! The rates of a version, one by one.

use contracts::contract_terms::ContractTerms;
use ids::{CommissionId, ContractId};
use money::Rate;

/// One rate of one version of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commission {
    /// Its identity.
    pub(crate) id: CommissionId,
    /// The contract.
    pub(crate) contract_id: ContractId,
    /// The contract's version.
    pub(crate) version: i32,
    /// The category; none: every one that has no rate of its own.
    pub(crate) category: Option<String>,
    /// The share of the fee's base.
    pub(crate) rate: Rate,
}

/// What `terms` say, as the commissions of that version: the rate of all sales first.
pub(crate) fn commissions(contract_id: ContractId, version: i32, terms: &ContractTerms) -> Vec<Commission> {
    let general = (None, terms.rate_ppm);
    let special = terms
        .category_rates
        .iter()
        .map(|rate| (Some(rate.category.clone()), rate.rate_ppm));
    std::iter::once(general)
        .chain(special)
        .map(|(category, rate)| Commission {
            id: CommissionId::generate(),
            contract_id,
            version,
            category,
            rate,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::terms::tests::terms;
    use serde_json::json;

    #[test]
    fn a_version_has_one_commission_a_rate() {
        let terms = terms(&json!({"category_rates": [
            {"category": "books", "rate_ppm": 50_000}, {"category": "food", "rate_ppm": 0}
        ]}));
        let contract_id = ContractId::generate();
        let rows = commissions(contract_id, 3, &terms);
        let said: Vec<_> = rows
            .iter()
            .map(|c| (c.category.as_deref(), c.rate.ppm()))
            .collect();
        assert_eq!(
            said,
            [(None, 120_000), (Some("books"), 50_000), (Some("food"), 0)]
        );
        assert!(
            rows.iter()
                .all(|c| c.contract_id == contract_id && c.version == 3)
        );
    }
}
