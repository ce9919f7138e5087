use ids::PartnerId;
use proptest::prelude::*;

use super::*;

fn line(number: i32, price: i64, quantity: i32, shipping: i64, discounts: [i64; 2]) -> OwedLine {
    let [by_partner, by_platform] = discounts;
    let discounts = [(by_partner, Bearer::Partner), (by_platform, Bearer::Platform)];
    OwedLine::new(PaidLine {
        line_number: number,
        partner_id: PartnerId::generate(),
        category: String::new(),
        unit_price_minor: price,
        quantity,
        shipping_minor: shipping,
        tax_free_minor: price / 3,
        discounts: discounts
            .into_iter()
            .filter(|(amount, _)| *amount > 0)
            .map(|(amount_minor, funded_by)| Discount {
                amount_minor,
                funded_by,
            })
            .collect(),
    })
}

fn amounts(parts: &[Part]) -> Vec<(i32, i64)> {
    parts
        .iter()
        .map(|part| (part.line_number, part.amount_minor))
        .collect()
}

#[test]
fn a_refund_without_lines_is_spread_over_what_is_left_of_each() {
    let mut lines = vec![
        line(1, 10_000, 1, 0, [0, 0]),
        line(2, 5_000, 1, 0, [0, 0]),
        line(3, 0, 1, 0, [0, 0]),
    ];
    for (amount, expected) in [
        (0, vec![]),
        (1, vec![(1, 1)]),
        (3, vec![(1, 2), (2, 1)]),
        (15_000, vec![(1, 10_000), (2, 5_000)]),
        // More was taken than the lines owed: the rest is of no line.
        (20_000, vec![(1, 10_000), (2, 5_000)]),
    ] {
        assert_eq!(amounts(&spread(&lines, amount)), expected, "{amount}");
    }
    lines[0].refunded_minor = 10_000;
    lines[1].canceled_minor = 4_999;
    assert_eq!(amounts(&spread(&lines, 1)), [(2, 1)]);
    assert_eq!(amounts(&spread(&[], 1)), []);
}

#[test]
fn what_banks_took_of_a_line_is_not_left_of_it() {
    let mut lines = vec![line(1, 100, 1, 0, [0, 0]), line(2, 100, 1, 0, [0, 0])];
    lines[0].disputed_minor = 70;
    lines[1].disputed_minor = 30;
    lines[1].refunded_minor = 20;
    let left: Vec<i64> = lines.iter().map(OwedLine::left_minor).collect();
    assert_eq!(left, [30, 50]);
    // Everything that is kept finds its parts.
    assert_eq!(amounts(&spread(&lines, 80)), [(1, 30), (2, 50)]);
    // As it was sold, since a dispute may come back.
    assert_eq!(lines[0].as_taken(), lines[0].line);
    // What an older version took too much of one line is not told as room, nor missing from the other.
    lines[0].refunded_minor = 60;
    assert_eq!(lines[0].left_minor(), 0);
    assert_eq!(amounts(&spread(&lines, 50)), [(2, 50)]);
}

#[test]
fn the_parts_that_a_caller_names_are_used_up_in_their_order() {
    let named = [(1, 100), (2, 50)].map(|(line_number, amount_minor)| Part {
        line_number,
        amount_minor,
    });
    for (done, amount, expected) in [
        (0, 150, vec![(1, 100), (2, 50)]),
        (0, 120, vec![(1, 100), (2, 20)]),
        (120, 30, vec![(2, 30)]),
        (30, 70, vec![(1, 70)]),
        (150, 0, vec![]),
    ] {
        assert_eq!(
            amounts(&take(&named, done, amount)),
            expected,
            "{amount} after {done}"
        );
    }
}

#[test]
fn what_was_let_go_of_a_line_is_not_told_of() {
    // 3 x 10,000, 2,000 off by each side, 1,000 shipping: 27,000. A third of it was let go.
    let mut line = line(1, 10_000, 3, 1_000, [2_000, 2_000]);
    assert_eq!(line.as_taken(), line.line);
    line.canceled_minor = 9_000;
    let taken = line.as_taken();
    // Of the discounts 666 each, of the shipping 333, of the price 9,000 + 666 + 666 - 333 = 9,999 went.
    assert_eq!(
        (taken.unit_price_minor, taken.quantity, taken.shipping_minor),
        (20_001, 1, 667)
    );
    let discounts: Vec<i64> = taken.discounts.iter().map(|d| d.amount_minor).collect();
    assert_eq!(discounts, [1_334, 1_334]);
    assert_eq!(line_amounts(&taken).unwrap().owed, 18_000);
}

prop_compose! {
    fn any_line()(
        price in 1_i64..50_000, quantity in 1_i32..5, shipping in 0_i64..5_000,
        partner in 0_i64..10_000, platform in 0_i64..10_000,
    ) -> OwedLine {
        let gross = price * i64::from(quantity);
        let partner = partner.min(gross / 2);
        line(1, price, quantity, shipping, [partner, platform.min(gross - partner)])
    }
}

proptest! {
    /// Refunds that add up to the whole of a line give back exactly the whole of each of its amounts.
    #[test]
    fn refunds_that_add_up_to_the_whole_return_the_whole(
        mut line in any_line(), canceled in 0_i64..20_000, refunds in prop::collection::vec(1_i64..20_000, 0..12)
    ) {
        line.canceled_minor = canceled.min(line.owed_minor());
        let taken = line.as_taken();
        let whole = line_amounts(&taken).unwrap();
        prop_assert_eq!(whole.owed, line.owed_minor() - line.canceled_minor);
        let mut sums = [0_i64; 5];
        let mut before = 0;
        let rest = line.left_minor();
        for amount in refunds.into_iter().chain([rest]) {
            let amount = amount.min(line.left_minor());
            let told = line.refunded(before, amount).unwrap();
            let parts = [told.gross_minor, told.partner_discount_minor, told.platform_discount_minor,
                         told.shipping_minor, told.tax_free_minor];
            prop_assert!(parts.iter().all(|part| *part >= 0), "{:?}", told);
            prop_assert_eq!(told.refunded_minor, parts[0] - parts[1] - parts[2] + parts[3]);
            for (sum, part) in sums.iter_mut().zip(parts) { *sum += part }
            before += amount;
            line.refunded_minor = before;
        }
        let all = if whole.owed == 0 { [0; 5] } else {
            [whole.gross, whole.partner_discount, whole.platform_discount, taken.shipping_minor, taken.tax_free_minor]
        };
        prop_assert_eq!(sums, all);
    }

    /// What is spread never exceeds what is left of a line, and adds up.
    #[test]
    fn a_spread_fits_the_lines(lines in prop::collection::vec(any_line(), 1..6), amount in 0_i64..400_000) {
        let parts = spread(&lines, amount);
        let left: i64 = lines.iter().map(OwedLine::left_minor).sum();
        prop_assert_eq!(parts.iter().map(|p| p.amount_minor).sum::<i64>(), amount.min(left));
        prop_assert!(parts.iter().all(|part| part.amount_minor > 0));
    }
}
