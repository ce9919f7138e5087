//! What the books say.

use anyhow::{Result, ensure};
use e2e::{Api, contract_terms, eventually, external_payment, partner_with_contract};
use serde_json::Value;

pub async fn what_differs_from_its_lines_is_a_break(api: &Api) -> Result<()> {
    let partner = partner_with_contract(api, "breaks", &contract_terms(100_000)).await?;
    for (order, paid, kind, amount) in [("over", 10_300, "over", 300), ("short", 9_500, "short", 500)] {
        let sale = external_payment(order, &partner, 10_000, paid, "2026-10-02T03:00:00Z");
        let payment = api.post("/v1/payments", order, &sale).await?.ok()?;
        let id = payment
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let found = eventually("the difference to be reported as a break", || async {
            let breaks = api.list("/v1/breaks").await?;
            Ok(breaks
                .into_iter()
                .find(|b| b.get("payment_id").is_some_and(|p| *p == id)))
        })
        .await?;
        ensure!(found.get("kind").is_some_and(|k| k == kind), "{found}");
        ensure!(
            found.get("amount_minor").and_then(Value::as_i64) == Some(amount),
            "{found}"
        );
        its_timeline_tells_of_settlement_and_books(api, &id).await?;
    }
    Ok(())
}

/// What other services know of a payment stands in its timeline, once they have heard of it.
async fn its_timeline_tells_of_settlement_and_books(api: &Api, payment_id: &str) -> Result<()> {
    let path = format!("/v1/payments/{payment_id}/timeline");
    eventually("the timeline to tell of a line and of two entries", || async {
        let timeline = api.get(&path).await?;
        ensure!(
            timeline
                .get("silent")
                .and_then(Value::as_array)
                .is_some_and(Vec::is_empty),
            "{timeline}"
        );
        let items = timeline
            .get("items")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let count = |kind: &str| {
            items
                .iter()
                .filter(|item| item.get("kind").is_some_and(|k| k == kind))
                .count()
        };
        // The payment's entry, and that of its priced line.
        Ok((count("settlement_line") == 1 && count("journal_entry") == 2).then_some(()))
    })
    .await
}

pub async fn the_books_balance_and_the_reports_follow(api: &Api) -> Result<()> {
    eventually(
        "the trial balance to be zero and the reports to be there",
        || async {
            let balance = api.get("/v1/trial-balance").await?;
            let totals = balance
                .get("totals")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let zero = !totals.is_empty()
                && totals
                    .iter()
                    .all(|t| t.get("difference_minor").is_some_and(|d| d == "0"));
            let report = api.get("/v1/reports/daily?from=2026-10-01&to=2026-10-31").await?;
            let reported = report
                .get("rows")
                .and_then(Value::as_array)
                .is_some_and(|rows| !rows.is_empty());
            Ok((zero && reported).then_some(()))
        },
    )
    .await
}
