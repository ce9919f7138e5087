//! Which terms a contract may have.

use std::collections::HashSet;

use calendar::Holidays;
use chrono::{Datelike, NaiveDate};
use contracts::contract_terms::ContractTerms;

use super::fault::{Fault, text};

const LONGEST_CATEGORY: usize = 64;
const MOST_CATEGORIES: usize = 500;
const LONGEST_PAYOUT_DAYS: u16 = 365;

/// Terms that were checked, their category rates in the order of the categories, so that equal terms are equal
/// however they were written down.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckedTerms(ContractTerms);

impl CheckedTerms {
    /// The terms.
    pub(crate) fn get(&self) -> &ContractTerms {
        &self.0
    }
}

/// Checks terms that are to hold from `valid_from` on. Pointers are those of an object with the fields
/// `valid_from` and `terms`.
pub(crate) fn check(valid_from: NaiveDate, mut terms: ContractTerms) -> Result<CheckedTerms, Vec<Fault>> {
    let mut faults = Vec::new();
    if !(1970..=9999).contains(&valid_from.year()) {
        faults.push(Fault::new(
            "/valid_from",
            "give a day from 1970-01-01 to 9999-12-31",
        ));
    } else if let Err(error) = terms.cycle.window_of(valid_from) {
        // For named dates that all lie before: no sale of this contract could ever be settled.
        faults.push(Fault::new("/terms/cycle", error.to_string()));
    }
    check_categories(&terms, &mut faults);
    check_amounts(&terms, &mut faults);
    if Holidays::named(&terms.holidays).is_err() {
        let known = Holidays::CODES.join(", ");
        faults.push(Fault::new("/terms/holidays", format!("give one of: {known}")));
    }
    if terms.payout.days > LONGEST_PAYOUT_DAYS {
        faults.push(Fault::new(
            "/terms/payout/days",
            format!("give 0 to {LONGEST_PAYOUT_DAYS} days"),
        ));
    }
    if faults.is_empty() {
        terms.category_rates.sort_by(|a, b| a.category.cmp(&b.category));
        Ok(CheckedTerms(terms))
    } else {
        Err(faults)
    }
}

fn check_categories(terms: &ContractTerms, faults: &mut Vec<Fault>) {
    if terms.category_rates.len() > MOST_CATEGORIES {
        faults.push(Fault::new(
            "/terms/category_rates",
            format!("give at most {MOST_CATEGORIES}: rate_ppm holds for the rest"),
        ));
        return;
    }
    let mut seen = HashSet::new();
    for (place, rate) in terms.category_rates.iter().enumerate() {
        let pointer = format!("/terms/category_rates/{place}/category");
        text(&pointer, &rate.category, LONGEST_CATEGORY, faults);
        if !seen.insert(rate.category.as_str()) {
            faults.push(Fault::new(
                pointer,
                format!("{:?} has a rate already: give one rate a category", rate.category),
            ));
        }
    }
}

fn check_amounts(terms: &ContractTerms, faults: &mut Vec<Fault>) {
    for (field, amount) in [
        ("fee_minimum_minor", terms.fee_minimum_minor),
        ("fee_maximum_minor", terms.fee_maximum_minor),
        ("flat_fee_minor", Some(terms.flat_fee_minor)),
        ("minimum_payout_minor", Some(terms.minimum_payout_minor)),
    ] {
        if amount.is_some_and(|amount| amount < 0) {
            faults.push(Fault::new(
                format!("/terms/{field}"),
                "give 0 or more minor units",
            ));
        }
    }
    if let (Some(least), Some(greatest)) = (terms.fee_minimum_minor, terms.fee_maximum_minor)
        && least > greatest
    {
        faults.push(Fault::new(
            "/terms/fee_minimum_minor",
            format!("give at most fee_maximum_minor, which is {greatest}"),
        ));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Terms in won at 12 %, monthly, with `changes` on top.
    pub(crate) fn terms(changes: &Value) -> ContractTerms {
        let mut whole = json!({
            "currency": "KRW", "rate_ppm": 120_000,
            "cycle": {"kind": "monthly", "ends_on": [31]}, "payout": {"days": 3},
        });
        for (field, value) in changes.as_object().unwrap() {
            whole[field] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    pub(crate) fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn pointers(valid_from: &str, changes: &Value) -> Vec<String> {
        check(day(valid_from), terms(changes))
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    }

    #[test]
    fn terms_are_checked_field_by_field() {
        let many: Vec<Value> = (0..=MOST_CATEGORIES)
            .map(|n| json!({"category": format!("c{n}"), "rate_ppm": 1}))
            .collect();
        for (valid_from, changes, expected) in [
            ("2026-12-01", json!({}), &[][..]),
            ("2016-01-01", json!({}), &[]),
            ("1969-12-31", json!({}), &["/valid_from"]),
            ("2026-12-01", json!({"cycle": {"kind": "daily"}}), &[]),
            (
                "2026-12-01",
                json!({"cycle": {"kind": "weekly", "ends_on": "sunday"}}),
                &[],
            ),
            (
                "2026-12-01",
                json!({"cycle": {"kind": "dates", "ends_on": ["2026-12-01"]}}),
                &[],
            ),
            (
                "2026-12-02",
                json!({"cycle": {"kind": "dates", "ends_on": ["2026-12-01"]}}),
                &["/terms/cycle"],
            ),
            ("2026-12-01", json!({"holidays": "BR"}), &[]),
            ("2026-12-01", json!({"holidays": "NONE"}), &[]),
            ("2026-12-01", json!({"holidays": "kr"}), &["/terms/holidays"]),
            ("2026-12-01", json!({"holidays": ""}), &["/terms/holidays"]),
            ("2026-12-01", json!({"payout": {"days": 365}}), &[]),
            (
                "2026-12-01",
                json!({"payout": {"days": 366}}),
                &["/terms/payout/days"],
            ),
            (
                "2026-12-01",
                json!({"fee_minimum_minor": 100, "fee_maximum_minor": 100}),
                &[],
            ),
            (
                "2026-12-01",
                json!({"fee_minimum_minor": 0, "fee_maximum_minor": 0}),
                &[],
            ),
            (
                "2026-12-01",
                json!({"fee_minimum_minor": 101, "fee_maximum_minor": 100}),
                &["/terms/fee_minimum_minor"],
            ),
            (
                "2026-12-01",
                json!({"fee_minimum_minor": -1}),
                &["/terms/fee_minimum_minor"],
            ),
            (
                "2026-12-01",
                json!({"fee_maximum_minor": -1}),
                &["/terms/fee_maximum_minor"],
            ),
            (
                "2026-12-01",
                json!({"flat_fee_minor": -1}),
                &["/terms/flat_fee_minor"],
            ),
            (
                "2026-12-01",
                json!({"minimum_payout_minor": -1}),
                &["/terms/minimum_payout_minor"],
            ),
            (
                "2026-12-01",
                json!({"category_rates": [{"category": "a", "rate_ppm": 1}, {"category": "A", "rate_ppm": 1}]}),
                &[],
            ),
            (
                "2026-12-01",
                json!({"category_rates": [{"category": "a", "rate_ppm": 1}, {"category": "a", "rate_ppm": 2}]}),
                &["/terms/category_rates/1/category"],
            ),
            (
                "2026-12-01",
                json!({"category_rates": [{"category": "", "rate_ppm": 1}]}),
                &["/terms/category_rates/0/category"],
            ),
            (
                "2026-12-01",
                json!({"category_rates": many}),
                &["/terms/category_rates"],
            ),
            (
                "2026-12-01",
                json!({"holidays": "x", "payout": {"days": 400}, "flat_fee_minor": -5}),
                &["/terms/flat_fee_minor", "/terms/holidays", "/terms/payout/days"],
            ),
        ] {
            assert_eq!(pointers(valid_from, &changes), expected, "{valid_from} {changes}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_category_rates_makes_no_difference(
            rates in proptest::collection::btree_map("[a-z]{1,6}", 0_u32..=1_000_000, 0..8),
            seed in any::<u64>(),
        ) {
            let listed: Vec<Value> =
                rates.iter().map(|(category, ppm)| json!({"category": category, "rate_ppm": ppm})).collect();
            let mut turned = listed.clone();
            if !turned.is_empty() {
                let by = usize::try_from(seed % 8).unwrap() % turned.len();
                turned.rotate_left(by);
            }
            let valid_from = day("2026-12-01");
            let one = check(valid_from, terms(&json!({"category_rates": listed}))).unwrap();
            let other = check(valid_from, terms(&json!({"category_rates": turned}))).unwrap();
            prop_assert_eq!(&one, &other);
            for (category, ppm) in rates {
                prop_assert_eq!(one.get().rate_of(&category).ppm(), ppm);
            }
        }
    }
}
