//! Lists of payments: filtered, ordered, page by page.

use std::collections::BTreeSet;

use crate::support::*;
use ids::PartnerId;
use money::Currency;
use serde_json::{Value, json};
use testkit::Platform;

/// Every page of a list, and that none but the last is short.
async fn all(platform: &Platform, query: &str) -> Vec<Value> {
    some(platform, query, usize::MAX).await
}

/// The first pages of a list, and that none but the last is short.
async fn some(platform: &Platform, query: &str, pages: usize) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    let mut path = format!("/v1/payments?limit=7&{query}");
    for _ in 0..pages {
        let page = platform.get("payment", &path).await.expect(200);
        let data = page["data"].as_array().unwrap();
        found.extend(data.iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else {
            return found;
        };
        assert_eq!(data.len(), 7);
        path = format!("/v1/payments?limit=7&cursor={cursor}");
    }
    found
}

fn amounts(found: &[Value]) -> Vec<i64> {
    found
        .iter()
        .map(|payment| payment["amount_minor"].as_i64().unwrap())
        .collect()
}

fn references(found: &[Value]) -> BTreeSet<String> {
    found
        .iter()
        .map(|payment| payment["order_reference"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_and_filter_shows_each_payment_once_and_in_its_place() {
    let platform = platform().start().await;
    let shops = [
        partner(&[Currency::KRW, Currency::USD]),
        partner(&[Currency::KRW, Currency::USD]),
    ];
    let mut payments = Vec::new();
    for number in 0..30_usize {
        let amount = i64::try_from(number % 5).unwrap() * 100;
        payments.push(json!({
            "order_reference": format!("order-{number}"), "connector": "external",
            "currency": if number % 2 == 0 { "KRW" } else { "USD" },
            "lines": [
                {"partner_id": shops[number % 2], "unit_price_minor": amount},
                {"partner_id": shops[number % 2], "unit_price_minor": 0},
            ],
            "tenders": [{"kind": "cash", "amount_minor": amount}],
        }));
    }
    let batch = json!({"payments": payments});
    platform
        .post("payment", "/v1/payments/batch", &batch)
        .await
        .expect(200);
    let later = platform
        .post("payment", "/v1/payments", &external("later", shops[0]))
        .await
        .expect(201);
    let declined = card("declined", shops[0], "tok_declined");
    for key in ["first", "second"] {
        let failed = post_with_key(&platform, "/v1/payments", key, &declined).await;
        assert_eq!(failed.expect(201)["status"], "failed");
    }

    let newest = all(&platform, "").await;
    assert_eq!(newest.len(), 33);
    let mut oldest = all(&platform, "sort=oldest").await;
    oldest.reverse();
    assert_eq!(newest, oldest);
    let largest = all(&platform, "sort=largest&currency=KRW").await;
    assert!(amounts(&largest).is_sorted_by(|a, b| a >= b) && largest.len() == 18);
    let mut smallest = all(&platform, "sort=smallest&currency=KRW").await;
    smallest.reverse();
    assert_eq!(largest, smallest);

    let made_later = later["created_at"].as_str().unwrap().replace('+', "%2B");
    for (query, count) in [
        (format!("partner_id={}", shops[1]), 15),
        (format!("partner_id={}&status=failed", shops[0]), 2),
        ("order_reference=declined".to_owned(), 2),
        (
            "order_reference=declined&sort=smallest&currency=KRW".to_owned(),
            2,
        ),
        ("order_reference=order-3".to_owned(), 1),
        ("order_reference=order-3&status=failed".to_owned(), 0),
        (
            "currency=USD&amount_from_minor=100&amount_to_minor=200".to_owned(),
            6,
        ),
        ("sort=largest&currency=USD&amount_from_minor=300".to_owned(), 6),
        ("amount_from_minor=100&amount_to_minor=200".to_owned(), 12),
        (format!("partner_id={}&sort=oldest", shops[1]), 15),
        (format!("partner_id={}&sort=largest&currency=USD", shops[1]), 15),
        (format!("partner_id={}&sort=smallest&currency=KRW", shops[1]), 0),
        (
            format!(
                "partner_id={}&amount_from_minor=100&amount_to_minor=200",
                shops[1]
            ),
            6,
        ),
        (
            format!(
                "partner_id={}&sort=largest&currency=USD&amount_from_minor=300",
                shops[1]
            ),
            6,
        ),
        (format!("partner_id={}&created_to={made_later}", shops[0]), 15),
        (format!("partner_id={}&last_four=4242", shops[0]), 0),
        ("status=failed&sort=oldest".to_owned(), 2),
        (format!("created_from={made_later}"), 3),
        (format!("created_to={made_later}"), 30),
        (format!("created_from={made_later}&status=completed"), 1),
    ] {
        let found = all(&platform, &query).await;
        assert_eq!(found.len(), count, "{query}: {:?}", references(&found));
    }
    let refused = platform
        .get("payment", "/v1/payments?sort=largest")
        .await
        .expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "currency");
    platform.stop().await;
}

/// Where few payments have the wanted amounts they are found by these, and otherwise by time; both are the same list.
#[tokio::test(flavor = "multi_thread")]
async fn amounts_of_few_payments_and_of_many_are_the_same_lists() {
    let platform = platform().start().await;
    let body = external("first", partner(&[Currency::KRW]));
    let first = platform.post("payment", "/v1/payments", &body).await.expect(201);
    let minor = first["amount_minor"].as_i64().unwrap();
    let asked = format!("amount_from_minor={minor}&amount_to_minor={minor}");
    for copies in [40, 12_000] {
        // Of every second the amount is another.
        sqlx::query(
            "insert into payments
             select copy.*
               from payments as model
               cross join generate_series(1, $1) as number
               cross join jsonb_populate_record(model, jsonb_build_object(
                   'payment_id', gen_random_uuid(), 'order_reference', format('copy-%s-%s', $1, number),
                   'owed_minor', model.owed_minor * (1 + number % 2),
                   'amount_minor', model.amount_minor * (1 + number % 2),
                   'captured_minor', model.captured_minor * (1 + number % 2))) as copy
              where model.order_reference = 'first'",
        )
        .bind(copies)
        .execute(platform.database("payment").db().pool())
        .await
        .unwrap();
        for sort in ["newest", "oldest"] {
            let bounded = some(&platform, &format!("sort={sort}&{asked}"), 3).await;
            let mut unbounded = some(&platform, &format!("sort={sort}"), 20).await;
            unbounded.retain(|payment| payment["amount_minor"] == minor);
            unbounded.truncate(bounded.len());
            assert_eq!(bounded.len(), 21, "{sort}, {copies} copies");
            assert_eq!(bounded, unbounded, "{sort}, {copies} copies");
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_by_last_four_digits_is_of_all_methods_that_end_so() {
    let platform = platform().start().await;
    let shops = [partner(&[Currency::KRW]), partner(&[Currency::KRW])];
    let mut methods = Vec::new();
    for (token, last_four) in [("tok_ok_1", "4242"), ("tok_ok_2", "4242"), ("tok_ok_3", "1111")] {
        let method = json!({
            "connector": "simulator", "kind": "card", "token": token, "holder_reference": token,
            "brand": "visa", "last_four": last_four, "expires_on": "2030-12",
        });
        let made = platform.post("payment", "/v1/payment-methods", &method).await;
        methods.push(made.expect(201)["id"].clone());
    }
    for number in 0..30_usize {
        let mut body = card(&format!("order-{number}"), shops[number % 2], "");
        let by = |method: usize, minor: i64| json!({"kind": "card", "amount_minor": minor, "payment_method_id": methods[method]});
        // The last is paid by both methods that end alike, and is one payment.
        body["tenders"] = match number {
            29 => json!([by(0, 4_000), by(1, 6_000)]),
            _ => json!([by(number % 3, 10_000)]),
        };
        platform.post("payment", "/v1/payments", &body).await.expect(201);
    }
    let newest = all(&platform, "last_four=4242").await;
    assert_eq!(newest.len(), 21);
    let same = all(&platform, "last_four=4242&sort=largest&currency=KRW").await;
    assert_eq!(newest, same);
    for query in ["sort=oldest", "sort=smallest&currency=KRW"] {
        let mut oldest = all(&platform, &format!("last_four=4242&{query}")).await;
        oldest.reverse();
        assert_eq!(newest, oldest, "{query}");
    }
    let with_both = newest.first().unwrap()["order_reference"].clone();
    assert_eq!(with_both, "order-29");
    for (query, count) in [
        ("last_four=1111".to_owned(), 9),
        ("last_four=0000".to_owned(), 0),
        (format!("last_four=4242&partner_id={}", shops[1]), 11),
        ("last_four=4242&amount_from_minor=10001".to_owned(), 0),
        ("last_four=4242&created_from=2000-01-01T00:00:00Z".to_owned(), 21),
    ] {
        let found = all(&platform, &query).await;
        assert_eq!(found.len(), count, "{query}");
    }
    platform.stop().await;
}

/// What an older copy writes of a line, which tells nothing of its payment.
const OLD_LINE: &str =
    "insert into payment_lines (payment_id, line_number, partner_id, category, unit_price_minor, quantity,
        shipping_minor, tax_free_minor, partner_discount_minor, platform_discount_minor, discounts)
    select payment_id, 2, $1, category, unit_price_minor, quantity, shipping_minor, tax_free_minor,
           partner_discount_minor, platform_discount_minor, discounts
      from payment_lines where line_number = 1";

/// The amounts of a partner's payments, the largest first, as the list by amount has them.
async fn largest_of(platform: &Platform, partner: PartnerId) -> Vec<i64> {
    amounts(
        &all(
            platform,
            &format!("partner_id={partner}&sort=largest&currency=KRW"),
        )
        .await,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_an_older_version_has_its_place_by_amount() {
    let platform = platform().start().await;
    let (shop, other) = (partner(&[Currency::KRW]), partner(&[Currency::KRW]));
    for reference in ["first", "second"] {
        let made = platform
            .post("payment", "/v1/payments", &external(reference, shop))
            .await;
        made.expect(201);
    }
    let mut old = platform.database("payment").db().begin().await.unwrap();
    sqlx::query(OLD_LINE)
        .bind(other.as_uuid())
        .execute(&mut *old)
        .await
        .unwrap();
    old.commit().await.unwrap();
    assert_eq!(largest_of(&platform, other).await, [10_000, 10_000]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_an_older_version_changes_has_its_place() {
    let platform = platform().start().await;
    let shop = partner(&[Currency::KRW]);
    for reference in ["first", "second"] {
        let made = platform
            .post("payment", "/v1/payments", &external(reference, shop))
            .await;
        made.expect(201);
    }
    let larger = "update payments set amount_minor = 20000 where order_reference = 'first'";
    sqlx::query(larger)
        .execute(platform.database("payment").db().pool())
        .await
        .unwrap();
    assert_eq!(largest_of(&platform, shop).await, [20_000, 10_000]);
    let above = format!("partner_id={shop}&sort=oldest&currency=KRW&amount_from_minor=10001");
    assert_eq!(amounts(&all(&platform, &above).await), [20_000]);
    platform.stop().await;
}

/// The migration that tells lines that were there before, once more.
#[tokio::test(flavor = "multi_thread")]
async fn lines_that_were_there_before_are_told_and_what_is_told_already_stays() {
    let platform = platform().start().await;
    let shop = partner(&[Currency::KRW]);
    let payments: Vec<_> = (0..50).map(|n| external(&format!("order-{n}"), shop)).collect();
    platform
        .post("payment", "/v1/payments/batch", &json!({ "payments": payments }))
        .await
        .expect(200);
    let pool = &platform.database("payment").db().pool().clone();
    // One was told since then, of an increment that the migration does not see yet.
    let before = "update payment_lines l
                     set currency = case when p.order_reference = 'order-7' then 'KRW' end,
                         payment_amount_minor = case when p.order_reference = 'order-7' then 10500 end
                    from payments p where p.payment_id = l.payment_id";
    sqlx::query(before).execute(pool).await.unwrap();
    assert_eq!(largest_of(&platform, shop).await, [10_000]);
    let told = include_str!("../../migrations/20261126001400_older_lines_are_told.sql");
    sqlx::raw_sql(told).execute(pool).await.unwrap();
    assert_eq!(largest_of(&platform, shop).await.len(), 50);
    let kept = "select count(*) from payment_lines where payment_amount_minor = 10500";
    let kept: i64 = sqlx::query_scalar(kept).fetch_one(pool).await.unwrap();
    assert_eq!(kept, 1);
    platform.stop().await;
}
