//! Rules of amounts and sums: text, JSON, addition.

use money::{Currency, Money, MoneyError, Sum};
use proptest::prelude::*;

fn any_currency() -> impl Strategy<Value = Currency> {
    proptest::sample::select(Currency::all().collect::<Vec<_>>())
}

#[test]
fn decimal_text_is_read_exactly() {
    let table = [
        ("12.34", "BRL", 1_234),
        ("12.3", "BRL", 1_230),
        ("12", "BRL", 1_200),
        ("-0.05", "USD", -5),
        ("+7", "KRW", 7),
        ("-0", "KRW", 0),
        ("0001.00", "USD", 100),
        ("1.234", "KWD", 1_234),
        ("9223372036854775807", "KRW", i64::MAX),
        ("-92233720368547758.08", "USD", i64::MIN),
    ];
    for (text, currency, minor) in table {
        assert_eq!(
            Money::parse_decimal(text, Currency::parse(currency).unwrap()),
            Ok(Money::new(minor, Currency::parse(currency).unwrap())),
            "{text}"
        );
    }
}

#[test]
fn more_decimals_than_the_currency_has_are_refused_even_zeros() {
    for (text, currency, allowed) in [
        ("12.345", "BRL", 2),
        ("12.340", "BRL", 2),
        ("1.0", "KRW", 0),
        ("1.2345", "KWD", 3),
    ] {
        assert_eq!(
            Money::parse_decimal(text, Currency::parse(currency).unwrap()),
            Err(MoneyError::TooManyDecimals {
                text: text.to_owned(),
                allowed
            })
        );
    }
}

#[test]
fn what_is_not_a_decimal_number_is_refused() {
    for text in [
        "", "-", "+", ".", "1.", ".5", "1,000", "1 000", " 1", "1e3", "--1", "+-1", "1.2.3", "１", "0x1",
        "NaN",
    ] {
        assert_eq!(
            Money::parse_decimal(text, Currency::USD),
            Err(MoneyError::NotADecimal {
                text: text.to_owned()
            })
        );
    }
}

#[test]
fn an_amount_beyond_64_bits_is_refused() {
    let endless = "9".repeat(1_000);
    for text in ["9223372036854775808", "-9223372036854775809", endless.as_str()] {
        assert_eq!(
            Money::parse_decimal(text, Currency::KRW),
            Err(MoneyError::Overflow)
        );
    }
}

#[test]
fn an_amount_prints_for_people_with_separators_and_all_its_decimals() {
    let table = [
        (10_000, "KRW", "KRW 10,000"),
        (1_234, "BRL", "BRL 12.34"),
        (-123_450, "BRL", "BRL -1,234.50"),
        (-5, "USD", "USD -0.05"),
        (0, "KWD", "KWD 0.000"),
        (999, "JPY", "JPY 999"),
        (1_000_000, "JPY", "JPY 1,000,000"),
        (i64::MIN, "USD", "USD -92,233,720,368,547,758.08"),
    ];
    for (minor, currency, shown) in table {
        assert_eq!(
            Money::new(minor, Currency::parse(currency).unwrap()).to_string(),
            shown
        );
    }
}

#[test]
fn json_is_amount_and_currency_and_nothing_else() {
    let money = Money::new(1_000, Currency::KRW);
    assert_eq!(
        serde_json::to_string(&money).unwrap(),
        r#"{"amount":1000,"currency":"KRW"}"#
    );
    for refused in [
        r#"{"amount":1000}"#,
        r#"{"currency":"KRW"}"#,
        r#"{"amount":1000.0,"currency":"KRW"}"#,
        r#"{"amount":"1000","currency":"KRW"}"#,
        r#"{"amount":9223372036854775808,"currency":"KRW"}"#,
        r#"{"amount":1000,"currency":"krw"}"#,
        r#"{"amount":1000,"currency":"KRW","scale":2}"#,
    ] {
        assert!(serde_json::from_str::<Money>(refused).is_err(), "{refused}");
    }
}

#[test]
fn two_currencies_never_add() {
    let (won, dollar) = (Money::new(1, Currency::KRW), Money::new(1, Currency::USD));
    let refusal = MoneyError::CurrencyMismatch {
        left: Currency::KRW,
        right: Currency::USD,
    };
    assert_eq!(won.checked_add(dollar), Err(refusal.clone()));
    assert_eq!(won.checked_sub(dollar), Err(refusal.clone()));
    assert_eq!(Sum::new(Currency::KRW).add(dollar), Err(refusal));
    assert_eq!(
        Money::zero(Currency::KRW).checked_add(Money::zero(Currency::USD)),
        Err(MoneyError::CurrencyMismatch {
            left: Currency::KRW,
            right: Currency::USD
        }),
        "not even nothing"
    );
}

#[test]
fn an_overflow_is_refused() {
    let (most, least) = (
        Money::new(i64::MAX, Currency::KRW),
        Money::new(i64::MIN, Currency::KRW),
    );
    let one = Money::new(1, Currency::KRW);
    assert_eq!(most.checked_add(one), Err(MoneyError::Overflow));
    assert_eq!(least.checked_sub(one), Err(MoneyError::Overflow));
    assert_eq!(least.negated(), Err(MoneyError::Overflow));
}

#[test]
fn a_sum_passes_64_bits_and_comes_back() {
    let most = Money::new(i64::MAX, Currency::KRW);
    let mut sum = Sum::new(Currency::KRW);
    sum.add(most).unwrap();
    sum.add(most).unwrap();
    assert_eq!(sum.total(), i128::from(i64::MAX) * 2);
    assert_eq!(sum.to_money(), Err(MoneyError::Overflow));
    sum.add(most.negated().unwrap()).unwrap();
    assert_eq!(sum.to_money(), Ok(most));
}

#[test]
fn zero_is_neither_negative_nor_positive() {
    for (minor, negative, zero, positive) in [
        (-1, true, false, false),
        (0, false, true, false),
        (1, false, false, true),
    ] {
        let money = Money::new(minor, Currency::KRW);
        assert_eq!(
            (money.is_negative(), money.is_zero(), money.is_positive()),
            (negative, zero, positive)
        );
    }
}

proptest! {
    #[test]
    fn an_amount_survives_print_and_parse(minor: i64, currency in any_currency()) {
        let money = Money::new(minor, currency);
        prop_assert_eq!(Money::parse_decimal(&money.to_decimal_string(), currency), Ok(money));
    }

    #[test]
    fn what_people_see_is_the_decimal_text_with_separators(minor: i64, currency in any_currency()) {
        let money = Money::new(minor, currency);
        let plain = format!("{currency} {}", money.to_decimal_string());
        prop_assert_eq!(money.to_string().replace(',', ""), plain);
    }

    #[test]
    fn an_amount_survives_json(minor: i64, currency in any_currency()) {
        let money = Money::new(minor, currency);
        let json = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }

    #[test]
    fn taking_away_what_was_added_changes_nothing(left: i64, right: i64) {
        let (left, right) = (Money::new(left, Currency::USD), Money::new(right, Currency::USD));
        match left.checked_add(right) {
            Ok(sum) => prop_assert_eq!(sum.checked_sub(right), Ok(left)),
            Err(refusal) => prop_assert_eq!(refusal, MoneyError::Overflow),
        }
    }

    #[test]
    fn any_text_is_read_or_refused_and_never_breaks(text: String, currency in any_currency()) {
        if let Ok(money) = Money::parse_decimal(&text, currency) {
            prop_assert_eq!(Money::parse_decimal(&money.to_decimal_string(), currency), Ok(money));
        }
    }
}
