//! Rules of rates: fees, taxes on top and taxes included.

use money::{Currency, Money, MoneyError, Rate, Rounding};
use proptest::prelude::*;

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn any_rounding() -> impl Strategy<Value = Rounding> {
    proptest::sample::select(vec![
        Rounding::Down,
        Rounding::Up,
        Rounding::HalfUp,
        Rounding::HalfEven,
    ])
}

#[test]
fn a_settlement_line_nets_its_check_values() {
    let ten_percent = Rate::from_ppm(100_000).unwrap();
    // gross, partner's discount, fee base, fee, VAT on the fee, net
    let table = [
        (10_000, 0, 10_000, 1_000, 100, 8_900),
        (33_000, 1_500, 33_000, 3_300, 330, 27_870),
        (33_000, 1_500, 31_500, 3_150, 315, 28_035),
    ];
    for (gross, discount, base, fee, vat, net) in table {
        let charged = ten_percent.of(won(base), Rounding::default()).unwrap();
        let tax = ten_percent.of(charged, Rounding::default()).unwrap();
        assert_eq!((charged, tax), (won(fee), won(vat)));
        let line = [won(discount), charged, tax]
            .into_iter()
            .try_fold(won(gross), Money::checked_sub)
            .unwrap();
        assert_eq!(line, won(net));
    }
}

#[test]
fn a_tax_contained_in_a_gross_amount_is_ten_of_a_hundred_and_ten() {
    let vat = Rate::parse_percent("10").unwrap();
    let table = [
        // gross, contained: Down, Up
        (1_100, 100, 100),
        (1_000, 90, 91),
        (-1_000, -90, -91),
        (0, 0, 0),
        (10, 0, 1),
        (i64::MAX, 838_488_366_986_797_800, 838_488_366_986_797_801),
    ];
    for (gross, down, up) in table {
        assert_eq!(vat.included_in(won(gross), Rounding::Down), Ok(won(down)));
        assert_eq!(vat.included_in(won(gross), Rounding::Up), Ok(won(up)));
    }
}

#[test]
fn the_contracts_mode_decides_the_last_unit() {
    let five_percent = Rate::parse_percent("5").unwrap();
    for (amount, mode, share) in [
        (1_010, Rounding::Down, 50),
        (1_010, Rounding::Up, 51),
        (1_010, Rounding::HalfUp, 51),
        (1_010, Rounding::HalfEven, 50),
        (1_030, Rounding::HalfEven, 52),
        (-1_010, Rounding::Down, -50),
        (-1_010, Rounding::Up, -51),
    ] {
        assert_eq!(
            five_percent.of(won(amount), mode),
            Ok(won(share)),
            "{mode:?} of {amount}"
        );
    }
}

#[test]
fn a_percentage_is_read_exactly() {
    for (text, ppm, shown) in [
        ("9.5", 95_000, "9.5 %"),
        ("12", 120_000, "12 %"),
        ("0", 0, "0 %"),
        ("0.0001", 1, "0.0001 %"),
        ("3.30", 33_000, "3.3 %"),
        ("100", 1_000_000, "100 %"),
    ] {
        let rate = Rate::parse_percent(text).unwrap();
        assert_eq!((rate.ppm(), rate.to_string().as_str()), (ppm, shown));
    }
}

#[test]
fn a_rate_outside_zero_to_a_hundred_percent_is_refused() {
    for text in [
        "-1",
        "100.0001",
        "101",
        "99999999999999999999999999999999999999999999",
    ] {
        assert!(
            matches!(Rate::parse_percent(text), Err(MoneyError::RateOutOfRange { .. })),
            "{text}"
        );
    }
    assert!(matches!(
        Rate::from_ppm(1_000_001),
        Err(MoneyError::RateOutOfRange { .. })
    ));
    assert!(matches!(
        Rate::parse_percent("0.00001"),
        Err(MoneyError::TooManyDecimals { .. })
    ));
    assert!(matches!(
        Rate::parse_percent("10%"),
        Err(MoneyError::NotADecimal { .. })
    ));
}

#[test]
fn json_is_parts_per_million_and_is_validated() {
    let rate = Rate::from_ppm(120_000).unwrap();
    assert_eq!(serde_json::to_string(&rate).unwrap(), "120000");
    assert_eq!(serde_json::from_str::<Rate>("120000").unwrap(), rate);
    for refused in ["1000001", "-1", "0.12", "\"12\"", "null"] {
        assert!(serde_json::from_str::<Rate>(refused).is_err(), "{refused}");
    }
}

proptest! {
    #[test]
    fn a_share_mirrors(amount in -i64::MAX..=i64::MAX, ppm in 0..=1_000_000_u32, mode in any_rounding()) {
        let rate = Rate::from_ppm(ppm).unwrap();
        let (there, back) = (won(amount), won(amount).negated().unwrap());
        prop_assert_eq!(rate.of(there, mode).unwrap().negated(), rate.of(back, mode));
        prop_assert_eq!(rate.included_in(there, mode).unwrap().negated(), rate.included_in(back, mode));
    }

    #[test]
    fn a_share_is_never_more_than_the_whole(amount: i64, ppm in 0..=1_000_000_u32, mode in any_rounding()) {
        let share = Rate::from_ppm(ppm).unwrap().of(won(amount), mode).unwrap();
        prop_assert!(share.amount_minor().unsigned_abs() <= amount.unsigned_abs());
    }

    #[test]
    fn a_share_is_less_than_one_unit_from_the_exact_one(amount: i64, ppm in 0..=1_000_000_u32, mode in any_rounding()) {
        let share = Rate::from_ppm(ppm).unwrap().of(won(amount), mode).unwrap();
        let exact = i128::from(amount) * i128::from(ppm);
        let error = (i128::from(share.amount_minor()) * 1_000_000 - exact).abs();
        let allowed = match mode {
            Rounding::Down | Rounding::Up => 999_999,
            Rounding::HalfUp | Rounding::HalfEven => 500_000,
        };
        prop_assert!(error <= allowed);
    }

    #[test]
    fn the_whole_rate_is_the_whole_amount(amount: i64, mode in any_rounding()) {
        prop_assert_eq!(Rate::from_ppm(1_000_000).unwrap().of(won(amount), mode), Ok(won(amount)));
        prop_assert_eq!(Rate::ZERO.of(won(amount), mode), Ok(won(0)));
    }

    #[test]
    fn a_rate_survives_print_and_parse(ppm in 0..=1_000_000_u32) {
        let rate = Rate::from_ppm(ppm).unwrap();
        prop_assert_eq!(Rate::parse_percent(rate.to_string().trim_end_matches(" %")), Ok(rate));
    }
}
