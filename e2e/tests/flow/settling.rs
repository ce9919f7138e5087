//! From a sale to a statement.

use anyhow::{Result, ensure};
use e2e::{Api, contract_terms, eventually, external_payment, partner_with_contract};
use serde_json::{Value, json};

fn number(value: &Value, name: &str) -> Option<i64> {
    value.get(name).and_then(Value::as_i64)
}

async fn lines_of(api: &Api, payment_id: &str) -> Result<Vec<Value>> {
    let answer = api
        .get(&format!("/v1/settlement-lines?payment_id={payment_id}"))
        .await?;
    Ok(answer
        .get("data")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default())
}

/// 10,000 at 10 %: fee 1,000, VAT 100, net 8,900. Sold on Friday 2 October 2026 in Seoul; the three days of Chuseok
/// begin the week before, so D+2 is counted over the substitute holiday of National Foundation Day on Monday.
pub async fn a_sale_becomes_a_statement_with_the_expected_figures(api: &Api) -> Result<()> {
    let partner = partner_with_contract(api, "statement", &contract_terms(100_000)).await?;
    for (order, at) in [
        ("statement-1", "2026-10-01T15:00:00Z"),
        ("statement-2", "2026-10-02T14:59:59Z"),
    ] {
        let sale = external_payment(order, &partner, 10_000, 10_000, at);
        let made = api.post("/v1/payments", order, &sale).await?.ok()?;
        let id = made.get("id").and_then(Value::as_str).unwrap_or_default();
        let lines = eventually("the line to be priced", || async {
            let lines = lines_of(api, id).await?;
            Ok((!lines.is_empty()).then_some(lines))
        })
        .await?;
        let line = &lines[0];
        let figures =
            ["gross_minor", "fee_minor", "fee_vat_minor", "net_minor"].map(|name| number(line, name));
        ensure!(
            figures == [Some(10_000), Some(1_000), Some(100), Some(8_900)],
            "{line}"
        );
    }
    let statements = eventually("the statement of the day", || async {
        let all = api.list(&format!("/v1/settlements?partner_id={partner}")).await?;
        let lines: i64 = all.iter().filter_map(|s| number(s, "line_count")).sum();
        Ok((lines == 2).then_some(all))
    })
    .await?;
    let earned: i64 = statements.iter().filter_map(|s| number(s, "earned_minor")).sum();
    ensure!(earned == 17_800, "{statements:?}");
    for statement in &statements {
        let payable = number(statement, "payable_minor");
        ensure!(
            payable == number(statement, "earned_minor"),
            "nothing is carried: {statement}"
        );
        let due = statement
            .get("due_on")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let ends = statement
            .get("ends_on")
            .and_then(Value::as_str)
            .unwrap_or_default();
        ensure!(!ends.is_empty() && due > ends, "{statement}");
        if ends == "2026-10-02" {
            ensure!(
                due == "2026-10-07",
                "5 October is a substitute holiday: {statement}"
            );
        }
    }
    Ok(())
}

pub async fn a_line_without_a_contract_waits_and_is_priced_later(api: &Api) -> Result<()> {
    let partner = json!({ "reference": "no-contract", "name": "No contract yet", "kind": "company" });
    let made = api.post("/v1/partners", "no-contract", &partner).await?.ok()?;
    let partner = made
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let sale = external_payment("waits", &partner, 10_000, 10_000, "2026-10-02T03:00:00Z");
    let payment = api.post("/v1/payments", "waits", &sale).await?.ok()?;
    let id = payment
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    eventually("the line to wait visibly", || async {
        let waiting = api.list("/v1/waiting-lines").await?;
        Ok(waiting
            .into_iter()
            .find(|line| line.get("payment_id").is_some_and(|p| *p == id)))
    })
    .await?;
    let contract =
        json!({ "partner_id": partner, "valid_from": "2020-01-01", "terms": contract_terms(200_000) });
    api.post("/v1/contracts", "late-contract", &contract)
        .await?
        .ok()?;
    let line = eventually("the line to be priced", || async {
        Ok(lines_of(api, &id).await?.into_iter().next())
    })
    .await?;
    ensure!(number(&line, "net_minor") == Some(7_800), "{line}");
    Ok(())
}
