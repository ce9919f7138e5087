//! What becomes of payments after they were made: money goes back, tenders share one payment, holds grow, buyers' banks
//! dispute, and the network tells of all that by webhooks.

use anyhow::{Context, Result, ensure};
use e2e::{Api, PORTS, Platform, eventually, external_payment, platform_payment};
use serde_json::{Value, json};

use crate::history::{Partners, made, text};

/// Before anything is settled.
pub async fn make(platform: &Platform, api: &Api, partners: &Partners) -> Result<()> {
    refunds(api, partners).await?;
    tenders(api, partners).await?;
    increments(api, partners).await?;
    disputes(platform, api, partners).await
}

/// Refunds of what was settled by now.
pub async fn make_late(api: &Api) -> Result<()> {
    for (order, body) in [
        ("even", json!({})),
        (
            "over",
            json!({ "amount_minor": 20_500, "reason": "all of it, what was too much as well" }),
        ),
        (
            "basket",
            json!({ "lines": [{ "line_number": 2, "amount_minor": 7_777 }] }),
        ),
        ("batch-1", json!({ "amount_minor": 345 })),
    ] {
        let found = api.list(&format!("/v1/payments?order_reference={order}")).await?;
        let id = text(found.first().with_context(|| format!("{order} was paid"))?, "id")?;
        refunded(api, &id, "late", &body).await?;
    }
    Ok(())
}

async fn changed(api: &Api, id: &str, command: &str, key: &str, body: &Value) -> Result<Value> {
    let path = format!("/v1/payments/{id}/{command}");
    api.post(&path, &format!("{id}-{command}-{key}"), body)
        .await?
        .ok()
}

async fn refunded(api: &Api, id: &str, key: &str, body: &Value) -> Result<Value> {
    changed(api, id, "refunds", key, body).await
}

/// A payment of two lines with discounts, shipping and a part that is free of VAT.
fn involved(order: &str, partners: &Partners, token: &str) -> Value {
    let mut payment = platform_payment(order, &partners.involved, 0, token);
    payment["lines"] = json!([
        { "partner_id": partners.involved, "category": "books", "unit_price_minor": 20_000, "quantity": 1,
          "shipping_minor": 3_000, "tax_free_minor": 20_000, "discounts": [
            { "amount_minor": 1_000, "funded_by": "partner" }, { "amount_minor": 500, "funded_by": "platform" }] },
        { "partner_id": partners.daily, "unit_price_minor": 4_000, "quantity": 2 },
    ]);
    payment["tenders"] = json!([{ "kind": "card", "amount_minor": 29_500, "token": token }]);
    payment
}

async fn refunds(api: &Api, partners: &Partners) -> Result<()> {
    let parts = made(api, "given-back", &involved("given-back", partners, "tok_ok")).await?;
    let lines = json!({ "reason": "did not fit", "lines": [
        { "line_number": 1, "amount_minor": 7_000 }, { "line_number": 2, "amount_minor": 4_000 }] });
    refunded(api, &parts, "lines", &lines).await?;
    refunded(api, &parts, "amount", &json!({ "amount_minor": 1_111 })).await?;
    let whole = made(api, "whole", &involved("whole", partners, "tok_ok")).await?;
    refunded(api, &whole, "whole", &json!({})).await?;
    let refused = platform_payment("kept", &partners.daily, 5_000, "tok_refund_declined");
    let refused = made(api, "kept", &refused).await?;
    refunded(api, &refused, "refused", &json!({})).await?;
    // It is told as done, and fails at the network later.
    let fails = made(
        api,
        "fails",
        &involved("fails", partners, "tok_refund_fails_later"),
    )
    .await?;
    refunded(api, &fails, "fails", &json!({ "amount_minor": 9_000 })).await?;
    let waiting = external_payment(
        "waits-3",
        &partners.uncontracted,
        4_000,
        4_000,
        "2025-03-10T03:00:00Z",
    );
    let waiting = made(api, "waits-3", &waiting).await?;
    refunded(api, &waiting, "waits", &json!({ "amount_minor": 1_500 })).await?;
    Ok(())
}

async fn tenders(api: &Api, partners: &Partners) -> Result<()> {
    // The last one gives back: in which order another would, nothing else tells.
    for (order, points) in [("released", "pts_declined"), ("shared", "pts_ok")] {
        let mut payment = platform_payment(order, &partners.daily, 10_000, "");
        payment["tenders"] = json!([
            { "kind": "card", "amount_minor": 6_000, "token": "tok_ok" },
            { "kind": "voucher", "amount_minor": 3_000, "token": "vch_ok" },
            { "kind": "points", "amount_minor": 1_000, "token": points },
        ]);
        payment["refund_order"] = json!([3, 1, 2]);
        let id = made(api, order, &payment).await?;
        if order == "shared" {
            refunded(api, &id, "shared", &json!({ "amount_minor": 2_500 })).await?;
        }
    }
    Ok(())
}

async fn increments(api: &Api, partners: &Partners) -> Result<()> {
    let mut payment = platform_payment("grown", &partners.daily, 8_000, "tok_ok");
    payment["capture"] = json!("manual");
    let id = made(api, "grown", &payment).await?;
    let more =
        json!({ "lines": [{ "partner_id": partners.involved, "unit_price_minor": 2_000, "quantity": 1 }] });
    changed(api, &id, "increments", "more", &more).await?;
    changed(api, &id, "capture", "some", &json!({ "amount_minor": 6_000 })).await?;
    changed(api, &id, "void", "rest", &json!({})).await?;
    // The buyer has to act, and the shop gives up.
    let given_up = made(
        api,
        "given-up",
        &platform_payment("given-up", &partners.daily, 900, "tok_3ds"),
    )
    .await?;
    changed(api, &given_up, "cancel", "cancel", &json!({})).await?;
    Ok(())
}

/// Won after evidence, lost after a part of it went back already, of a payment that failed after a part of it was taken,
/// open for more than is left, and one of a partner who has no contract.
async fn disputes(platform: &Platform, api: &Api, partners: &Partners) -> Result<()> {
    let port = PORTS.iter().find(|(name, _)| *name == "simulator");
    let network = platform.direct(port.context("the network has a port")?.1);
    for (order, partner, minor, verdict) in [
        ("won", &partners.daily, 29_500, Some("won")),
        ("lost", &partners.involved, 12_000, Some("lost")),
        ("taken-back", &partners.daily, 6_000, None),
        ("open", &partners.daily, 29_500, None),
        ("contested", &partners.uncontracted, 3_000, None),
    ] {
        let payment = match order {
            "contested" => platform_payment(order, partner, 3_000, "tok_ok"),
            "taken-back" => {
                let mut payment = platform_payment(order, partner, 10_000, "");
                payment["tenders"] = json!([
                    { "kind": "card", "amount_minor": 6_000, "token": "tok_ok" },
                    { "kind": "card", "amount_minor": 4_000, "token": "tok_capture_declined" },
                ]);
                payment
            }
            _ => involved(order, partners, "tok_ok"),
        };
        let id = made(api, order, &payment).await?;
        if order == "open" {
            refunded(api, &id, "before", &json!({ "amount_minor": 5_000 })).await?;
        }
        let charge = charge_of(api, &id).await?;
        let claim = json!({ "charge_id": charge, "amount_minor": minor, "reason": "not_received",
                            "stage": "needs_response" });
        let opened = network.post("/network/v1/disputes", order, &claim).await?.ok()?;
        let dispute = eventually("the dispute to be known", || async {
            Ok(api.list(&format!("/v1/disputes?payment_id={id}")).await?.pop())
        })
        .await?;
        let Some(verdict) = verdict else {
            continue;
        };
        let dispute = text(&dispute, "id")?;
        let evidence = json!({ "text": "signed for at the door", "files": [
            { "name": "receipt.png", "content_type": "image/png", "content_base64": "iVBORw0KGgo=" }] });
        let path = format!("/v1/disputes/{dispute}/evidence");
        api.post(&path, order, &evidence).await?.ok()?;
        eventually("the evidence to be handed over", || async {
            let said = api.get(&path).await?;
            let state = said.pointer("/0/state").and_then(Value::as_str);
            Ok((state == Some("accepted")).then_some(()))
        })
        .await?;
        let decide = format!("/network/v1/disputes/{}/decide", text(&opened, "dispute_id")?);
        let decision = json!({ "outcome": verdict });
        let decided = network.post(&decide, order, &decision).await?;
        ensure!(decided.status.is_success(), "{decided:?}");
        eventually("the decision to be known", || async {
            let known = api.get(&format!("/v1/disputes/{dispute}")).await?;
            let state = known.get("state").and_then(Value::as_str);
            Ok((state == Some(verdict)).then_some(()))
        })
        .await?;
    }
    Ok(())
}

/// The network's own name for what was charged.
async fn charge_of(api: &Api, id: &str) -> Result<String> {
    let payment = api.get(&format!("/v1/payments/{id}/timeline")).await?;
    find(&payment, "connector_reference").with_context(|| format!("{payment} names no charge"))
}

/// The first text under that name, wherever it stands.
fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(fields) => {
            let own = fields.get(name).and_then(Value::as_str).map(str::to_owned);
            own.or_else(|| fields.values().find_map(|field| find(field, name)))
        }
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}
