use proptest::prelude::*;
use serde_json::{Value, json};

use super::issuers::{is_checked, is_issued};
use super::*;

/// Numbers that the networks and those who work with them publish for tests.
const PUBLISHED: &[(&str, &str)] = &[
    ("Visa", "4111111111111111"),
    ("Visa", "4242424242424242"),
    ("Visa", "4012888888881881"),
    ("Visa, old", "4222222222222"),
    ("Visa, long", "4917610000000000003"),
    ("Mastercard", "5555555555554444"),
    ("Mastercard", "5105105105105100"),
    ("Mastercard, new", "2223003122003222"),
    ("Mastercard, new", "2223000048400011"),
    ("American Express", "378282246310005"),
    ("American Express", "371449635398431"),
    ("Discover", "6011111111111117"),
    ("Discover", "6011000990139424"),
    ("Diners Club", "30569309025904"),
    ("Diners Club", "38520000023237"),
    ("Diners Club", "36227206271667"),
    ("JCB", "3530111333300000"),
    ("JCB", "3566002020360505"),
    ("UnionPay", "6200000000000005"),
    ("UnionPay", "6250941006528599"),
    ("UnionPay", "6212345678901232"),
    ("Maestro", "6759649826438453"),
    ("Maestro", "6304000000000000"),
    ("BC Card", "9490220006611406"),
    ("RuPay", "6074819900004939"),
];

/// Cut after these many digits each, with `gap` between; the last group takes what is left.
fn cut(number: &str, sizes: &[usize], gap: &str) -> String {
    let mut groups = Vec::new();
    let mut rest = number;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (group, left) = rest.split_at((*size).min(rest.len()));
        groups.push(group);
        rest = left;
    }
    groups.join(gap)
}

/// In the digits of the script that has this zero.
fn in_script(number: &str, zero: char) -> String {
    number
        .chars()
        .map(|c| {
            let value = c.to_digit(10).unwrap();
            char::from_u32(u32::from(zero) + value).unwrap()
        })
        .collect()
}

/// How one number may be written.
fn spellings(number: &str) -> Vec<String> {
    let mut all = vec![
        number.to_owned(),
        in_script(number, '０'),
        in_script(number, '٠'),
        in_script(number, '𝟬'),
    ];
    for sizes in [&[4][..], &[1], &[5], &[4, 6, 5]] {
        if sizes == [4, 6, 5] && number.len() != 15 {
            continue;
        }
        for gap in [" ", "-", ".", "\u{a0}", "\u{2011}", "\u{3000}", " - ", "\t"] {
            all.push(cut(number, sizes, gap));
        }
    }
    all.push(cut(&in_script(number, '０'), &[12], " "));
    all
}

#[test]
fn a_number_of_every_issuer_is_found_however_it_is_spelt_and_whatever_stands_around_it() {
    for (brand, number) in PUBLISHED {
        assert!(
            is_issued(&number.bytes().map(|b| b - b'0').collect::<Vec<_>>()),
            "{number}"
        );
        for spelt in spellings(number) {
            for (before, after) in [
                ("", ""),
                ("card ", " exp 12/30"),
                ("card:", ";"),
                ("(", ")"),
                ("카드번호는 ", "입니다"),
                ("카드", "번"),
                ("order 17, ", ", thanks"),
                ("https://shop.example/?card=", "&x=1"),
                ("pan_", "_x"),
            ] {
                let text = format!("{before}{spelt}{after}");
                let found = find(&text).map(|bytes| &text[bytes]);
                assert_eq!(found, Some(spelt.as_str()), "{brand} in {text:?}");
                assert_eq!(mask(&text), format!("{before}(card number){after}"));
            }
        }
    }
}

#[test]
fn a_number_is_found_beside_other_numbers() {
    for text in [
        "4111 1111 1111 1111 123",
        "4111 1111 1111 1111 12/30 123",
        "4111 1111 1111 1111 1230 123",
        "4111111111111111 1230",
        "20261126 4111111111111111",
        "10 4111-1111-1111-1111",
        "exp 12/30 4111 1111 1111 1111",
        "1 x 4111 1111 1111 1111",
        "4111111111111111 4242424242424242",
        "3782 822463 10005 1234",
        "010-1234-5678, 4111 1111 1111 1111",
    ] {
        assert!(find(text).is_some(), "{text}");
    }
    assert_eq!(
        mask("4111111111111111 and 5555 5555 5555 4444"),
        "(card number) and (card number)"
    );
}

#[test]
fn what_is_no_number_is_left_alone() {
    for text in [
        "",
        "order-1",
        "주문 번호 20261126-000123",
        // One digit wrong, one too many, one too few, nobody's.
        "4111111111111112",
        "41111111111111111",
        "411111111111111",
        "1111111111111117",
        "0000000000000000",
        // A longer run, and a longer row of groups.
        "12344111111111111111",
        "1234 4111 1111 1111 1111",
        "4111 1111 1111 1111 5678",
        "4111-1111-1111-1111-5678",
        // Letters make a word with it.
        "A4111111111111111",
        "4111111111111111A",
        "ORD4111111111111111",
        "a4111-1111-1111-1111",
        // What is usual in an order.
        "2026-11-26T04:50:50.123456789Z",
        "2026-11-26 04:50:50.123456 +09:00",
        "20261126045050123",
        "1795000000000",
        "1795000000000000",
        "010-1234-5678",
        "010-5678-9012 010-1234-5678",
        "+82-10-1234-5678",
        "02) 555-1234",
        "123-45-67890",
        "110111-1234567",
        "352-1234-5678-93",
        "391-910012-34504",
        "1,234,567,890,123",
        "192.168.101.110, 10.0.0.1",
        "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        "pay_01jd8m3k7efg8v5n2x4c6b9t0r",
        "12345678-1234-4234-8234-501800000009",
        "00000000-0000-4111-8111-111111111111",
    ] {
        assert_eq!(find(text), None, "{text}");
        assert_eq!(mask(text), text);
    }
}

#[test]
fn a_number_in_json_is_named_by_its_place() {
    let number = "4111 1111 1111 1111";
    for (body, pointer, is_name) in [
        (json!(number), "", false),
        (json!({"a": number}), "/a", false),
        (
            json!({"a": [{"b": 1}, {"c/~": ["x", number]}]}),
            "/a/1/c~1~0/1",
            false,
        ),
        (json!({"a": {"b": {"4111111111111111": 1}}}), "/a/b", true),
        (json!({"4111111111111111": {"a": number}}), "", true),
    ] {
        let place = Place {
            pointer: pointer.to_owned(),
            is_name,
        };
        assert_eq!(find_in_value(&body), Some(place.clone()), "{body}");
        assert_eq!(
            find_in_json(body.to_string().as_bytes()),
            Some(place.clone()),
            "{body}"
        );
        let told = format!("{:?}", place.refusal());
        assert!(!told.contains("4111"), "{told}");
    }
}

#[test]
fn a_number_is_found_in_json_that_hides_it_or_is_none() {
    for body in [
        r#"{"a": "\u0034111111111111111"}"#,
        r#"{"a": "4111\u00a01111\u00a01111\u00a01111"}"#,
        r#"{"a": "\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11"}"#,
        r#"{"a": "4111\t1111\t1111\t1111"}"#,
        // Of two fields with one name a reader keeps the last.
        r#"{"a": "4111111111111111", "a": "x"}"#,
        r#"{"a": "4111111111111111""#,
        r#"{"a": 1} 4111111111111111"#,
        "card=4111111111111111",
        "<card>4111 1111 1111 1111</card>",
    ] {
        assert!(find_in_json(body.as_bytes()).is_some(), "{body}");
    }
    assert!(find_in_json(b"\xff 4111111111111111 \xff").is_some());
}

#[test]
fn typed_numbers_and_ordinary_bodies_are_left_alone() {
    for body in [
        json!({"amount_minor": 4_111_111_111_111_111_i64, "other": [378_282_246_310_005_i64]}),
        json!({"amount": 4_111_111_111_111_111.0}),
        json!({"category": "도서 ".repeat(40), "note": "한국어로 쓴 긴 글".repeat(20)}),
        json!({"partner_id": "ptn_01jd8m3k7efg8v5n2x4c6b9t0r", "quantity": 3, "at": "2026-11-26T04:50:50.123456Z"}),
    ] {
        assert_eq!(find_in_value(&body), None, "{body}");
        assert_eq!(find_in_json(body.to_string().as_bytes()), None, "{body}");
    }
    // Korean as many programs escape it, next to digits.
    let escaped = br#"{"category": "\ub3c4\uc11c 1234 5678 \ucc45"}"#;
    assert!(!json::has_escaped_digits(escaped));
    assert_eq!(find_in_json(escaped), None);
    assert_eq!(find_in_json(br#"{"amount_minor": 4111111111111111}"#), None);
    assert_eq!(find_in_json(b""), None);
}

/// The last digit that makes it right.
fn completed(mut digits: Vec<u8>) -> Vec<u8> {
    for last in 0..10 {
        digits.push(last);
        if is_checked(&digits) {
            break;
        }
        digits.pop();
    }
    digits
}

fn valid() -> impl Strategy<Value = String> {
    (
        prop::sample::select(PUBLISHED),
        12_usize..=19,
        prop::collection::vec(0_u8..10, 19),
    )
        .prop_map(|((_, like), length, tail)| {
            let beginning = like.bytes().take(6).map(|b| b - b'0');
            completed(beginning.chain(tail).take(length - 1).collect())
        })
        .prop_filter("somebody issues it", |digits| is_issued(digits))
        .prop_map(|digits| digits.iter().map(|d| char::from(b'0' + d)).collect())
}

proptest! {
    #[test]
    fn whatever_is_issued_is_found_in_any_text(
        number in valid(),
        gap in prop::sample::select(&[" ", "-", ".", "\u{a0}", "\u{2013}", "  "][..]),
        size in 1_usize..=19,
        // Digits of any script beside it make another number of it.
        before in r"([^\p{Nd}]{0,20}[^\p{Nd}a-zA-Z. -])?",
        after in r"([^\p{Nd}a-zA-Z. -][^\p{Nd}]{0,20})?",
    ) {
        let text = format!("{before}{}{after}", cut(&number, &[size], gap));
        prop_assert!(find(&text).is_some(), "{:?}", text);
        let json = json!({"lines": [{"note": text}]}).to_string();
        let place = find_in_json(json.as_bytes());
        prop_assert_eq!(place.map(|p| p.pointer), Some("/lines/0/note".to_owned()));
    }

    /// Those of 15 and 16 digits, which nearly all have, are found between other words however they are cut.
    #[test]
    fn the_usual_lengths_are_found_however_they_are_cut(
        number in valid().prop_filter("usual", |n| matches!(n.len(), 15 | 16)),
        gaps in prop::collection::vec(prop::sample::select(&["", " ", "-", ".", "\u{a0}"][..]), 16),
    ) {
        let digits: Vec<String> = number.chars().map(String::from).collect();
        let spelt: String = digits.iter().map(String::as_str).zip(gaps).flat_map(|(digit, gap)| [digit, gap]).collect();
        let text = format!("card {} please", spelt.trim());
        prop_assert!(find(&text).is_some(), "{:?}", text);
    }

    #[test]
    fn a_reference_with_letters_beside_its_digits_is_no_number(
        text in "([A-Z]{1,3}[0-9]{1,19}[a-z]{1,2}){1,3}",
        reference in "[A-Z]{2,4}[0-9]{12,19}",
        tail in "[0-9]{12,19}[A-Za-z]",
    ) {
        prop_assert_eq!(find(&text), None);
        prop_assert_eq!(find(&reference), None);
        prop_assert_eq!(find(&tail), None);
    }

    #[test]
    fn an_identifier_is_no_number(high in any::<u64>(), low in any::<u64>(), digits in "[0-9]{32}") {
        let hex = format!("{high:016x}{low:016x}");
        for hex in [hex, digits] {
            let uuid = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
            prop_assert_eq!(find(&uuid), None);
            prop_assert_eq!(find(&hex), None);
        }
        let event = ids::PaymentId::from_uuid(uuid::Uuid::from_u64_pair(high, low)).to_string();
        prop_assert_eq!(find(&event), None);
    }

    #[test]
    fn a_moment_is_no_number(seconds in 0_i64..4_000_000_000, nanos in 0_u32..1_000_000_000) {
        let days = seconds / 86_400;
        for text in [
            format!("2{:03}-{:02}-{:02} {:02}:{:02}:{:02}.{nanos:09}", days % 200, days % 12 + 1, days % 28 + 1,
                    seconds % 24, seconds % 60, seconds % 59),
            format!("2{:03}{:02}{:02}{:02}{:02}{:02}", days % 200, days % 12 + 1, days % 28 + 1, seconds % 24,
                    seconds % 60, seconds % 59),
            format!("1{:012}", seconds * 100),
        ] {
            prop_assert_eq!(find(&text), None, "{}", text);
        }
    }

    #[test]
    fn any_text_is_searched_without_harm(text in ".*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let masked = mask(&text);
        prop_assert_eq!(find(&masked), None, "{}", masked);
        let _place = find_in_json(&bytes);
        let _place = find_in_json(text.as_bytes());
        prop_assert_eq!(find_in_value(&Value::String(text.clone())).is_some(), find(&text).is_some());
    }
}
