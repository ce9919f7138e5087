//! A history of every sort: partners and contracts, payments that end in every way, statements, books, users.

use anyhow::{Context, Result, ensure};
use e2e::{
    Api, Platform, contract_terms, eventually, external_payment, partner_with_contract, platform_payment,
};
use http::Method;
use serde_json::{Value, json};

use crate::afterwards;

/// Makes it, and waits until nothing is on its way any more.
pub async fn make(platform: &Platform) -> Result<()> {
    let api = platform.api()?;
    people(platform, &api).await?;
    let partners = Partners::make(&api).await?;
    through_the_platform(&api, &partners).await?;
    by_stored_means(&api, &partners).await?;
    by_rules(&api, &partners).await?;
    from_elsewhere(&api, &partners).await?;
    afterwards::make(platform, &api, &partners).await?;
    quiet(platform, &api).await?;
    // A month is closed, and a sale of that month comes in afterwards.
    let path = "/v1/periods/2025-01/close";
    api.send(Method::POST, path, Some("close"), None, &[])
        .await?
        .ok()?;
    let late = external_payment("late", &partners.daily, 7_000, 7_000, "2025-01-20T03:00:00Z");
    made(&api, "late", &late).await?;
    afterwards::make_late(&api).await?;
    quiet(platform, &api).await?;
    let unread = api.list("/v1/notifications?kind=payment_failed").await?;
    let id = text(unread.first().context("a payment failed")?, "id")?;
    let path = format!("/v1/notifications/{id}/read");
    api.send(Method::POST, &path, None, None, &[]).await?.ok()?;
    Ok(())
}

pub fn text(value: &Value, name: &str) -> Result<String> {
    let found = value.get(name).and_then(Value::as_str);
    Ok(found.with_context(|| format!("{name} of {value}"))?.to_owned())
}

pub async fn made(api: &Api, key: &str, body: &Value) -> Result<String> {
    let answer = api.post("/v1/payments", key, body).await?.ok()?;
    text(&answer, "id")
}

async fn patch(api: &Api, path: &str, body: &Value) -> Result<()> {
    api.send(Method::PATCH, path, None, Some(body), &[]).await?.ok()?;
    Ok(())
}

/// Users, roles, sessions, keys, and someone who guesses.
async fn people(platform: &Platform, api: &Api) -> Result<()> {
    for (login, roles) in [
        ("kim", json!(["operator"])),
        ("lee", json!(["auditor"])),
        ("han", json!(["operator"])),
    ] {
        let user =
            json!({ "login": login, "name": login, "password": "correct horse battery", "roles": roles });
        let made = api.post("/v1/users", login, &user).await?.ok()?;
        let path = format!("/v1/users/{}", text(&made, "id")?);
        match login {
            "kim" => patch(api, &path, &json!({ "roles": ["operator", "auditor"] })).await?,
            "lee" => patch(api, &path, &json!({ "active": false })).await?,
            _ => {}
        }
    }
    let password = std::fs::read_to_string(platform.data_dir().join("admin.password"))?;
    for (login, password) in [("admin", password.trim()), ("kim", "correct horse battery")] {
        let credentials = json!({ "login": login, "password": password });
        api.post("/v1/sessions", login, &credentials).await?.ok()?;
    }
    for guess in 0..12 {
        for login in ["han", "nobody"] {
            let credentials = json!({ "login": login, "password": "guessed" });
            let refused = api
                .post("/v1/sessions", &format!("{login}-{guess}"), &credentials)
                .await?;
            ensure!(refused.status.is_client_error(), "{refused:?}");
        }
    }
    for name in ["shop", "till"] {
        let key = json!({ "name": name, "roles": ["operator"], "expires_at": "2035-01-01T00:00:00Z" });
        let made = api.post("/v1/api-keys", name, &key).await?.ok()?;
        if name == "till" {
            let path = format!("/v1/api-keys/{}", text(&made, "id")?);
            api.send(Method::DELETE, &path, None, None, &[]).await?.ok()?;
        }
    }
    Ok(())
}

pub struct Partners {
    pub daily: String,
    pub involved: String,
    carrying: String,
    weekly: String,
    pub uncontracted: String,
}

impl Partners {
    async fn make(api: &Api) -> Result<Self> {
        let daily = partner_with_contract(api, "daily", &contract_terms(100_000)).await?;
        let involved = json!({
            "currency": "KRW", "rate_ppm": 120_000, "fee_base": "less_partner_discounts", "rounding": "half_even",
            "category_rates": [{ "category": "books", "rate_ppm": 55_500 }, { "category": "food", "rate_ppm": 0 }],
            "fee_minimum_minor": 300, "fee_maximum_minor": 9_000, "flat_fee_minor": 50,
            "fee_vat": { "rate_ppm": 100_000, "borne_by": "platform" },
            "shipping": { "rule": "with_fee", "rate_ppm": 33_000 },
            "cycle": { "kind": "monthly", "ends_on": [15, 31] }, "payout": { "days": 3, "on_holiday": "before" },
        });
        let involved = partner_with_contract(api, "involved", &involved).await?;
        let mut carrying = contract_terms(100_000);
        carrying["minimum_payout_minor"] = json!(20_000);
        carrying["fee_base"] = json!("less_all_discounts");
        let carrying = partner_with_contract(api, "carrying", &carrying).await?;
        let weekly = json!({
            "currency": "BRL", "rate_ppm": 99_999, "time_zone": "America/Sao_Paulo", "holidays": "BR",
            "cycle": { "kind": "weekly", "ends_on": "sunday" }, "payout": { "days": 10, "counting": "calendar_days" },
        });
        let weekly = partner_with_contract(api, "weekly", &weekly).await?;
        let person = json!({ "reference": "uncontracted", "name": "No contract yet", "kind": "individual" });
        let made = api.post("/v1/partners", "uncontracted", &person).await?.ok()?;
        let gone = json!({ "reference": "gone", "name": "Gone", "kind": "company" });
        let gone = api.post("/v1/partners", "gone", &gone).await?.ok()?;
        let gone = format!("/v1/partners/{}", text(&gone, "id")?);
        patch(api, &gone, &json!({ "status": "closed" })).await?;
        let partners = Self {
            daily,
            involved,
            carrying,
            weekly,
            uncontracted: text(&made, "id")?,
        };
        partners.add_versions(api).await?;
        Ok(partners)
    }

    /// A later version of one contract, and one that reaches back of another.
    async fn add_versions(&self, api: &Api) -> Result<()> {
        for (partner, valid_from, rate, reason) in [
            (&self.daily, "2025-02-10", 80_000, "agreed late"),
            (&self.weekly, "2025-03-03", 70_000, "agreed late as well"),
        ] {
            let contracts = api.list(&format!("/v1/contracts?partner_id={partner}")).await?;
            let contract = contracts.first().context("it has a contract")?;
            let mut terms = contract
                .pointer("/versions/0/terms")
                .context("its first version says something")?
                .clone();
            terms["rate_ppm"] = json!(rate);
            let version = json!({ "valid_from": valid_from, "terms": terms, "reason": reason });
            let path = format!("/v1/contracts/{}/versions", text(contract, "id")?);
            api.post(&path, &format!("version-{partner}"), &version)
                .await?
                .ok()?;
        }
        Ok(())
    }
}

/// Payments that the simulated network makes, refuses and forgets to answer.
async fn through_the_platform(api: &Api, partners: &Partners) -> Result<()> {
    let daily = &partners.daily;
    for (order, token) in [
        ("ok-1", "tok_ok"),
        ("ok-2", "tok_twice"),
        ("declined", "tok_declined"),
        ("poor", "tok_insufficient_funds"),
        ("silent", "tok_timeout"),
    ] {
        api.post(
            "/v1/payments",
            order,
            &platform_payment(order, daily, 12_340, token),
        )
        .await?
        .ok()?;
    }
    for (order, command) in [("held", ""), ("captured", "capture"), ("voided", "void")] {
        let mut payment = platform_payment(order, daily, 45_600, "tok_ok");
        payment["capture"] = json!("manual");
        let id = made(api, order, &payment).await?;
        if !command.is_empty() {
            let path = format!("/v1/payments/{id}/{command}");
            api.post(&path, command, &json!({})).await?.ok()?;
        }
    }
    let later = platform_payment("later", daily, 3_000, "tok_ok");
    let headers = [("prefer", "respond-async")];
    api.send(
        Method::POST,
        "/v1/payments",
        Some("later"),
        Some(&later),
        &headers,
    )
    .await?
    .ok()?;
    // After a failure the buyer tries again under the same reference.
    made(
        api,
        "again",
        &platform_payment("declined", daily, 12_340, "tok_ok"),
    )
    .await?;
    Ok(())
}

/// Payment methods of two buyers: one that pays and is the default, one that is only there, one that was detached.
async fn by_stored_means(api: &Api, partners: &Partners) -> Result<()> {
    let mut stored = Vec::new();
    for (token, holder, brand, last_four, expires_on) in [
        ("tok_stored", "buyer-1", "visa", "4242", "2030-12"),
        ("tok_kept", "buyer-1", "mastercard", "4444", "2031-01"),
        ("tok_gone", "buyer-2", "amex", "0005", "2032-02"),
    ] {
        let method = json!({
            "connector": "simulator", "kind": "card", "token": token, "holder_reference": holder, "brand": brand,
            "last_four": last_four, "expires_on": expires_on,
        });
        let made = api.post("/v1/payment-methods", token, &method).await?.ok()?;
        stored.push(text(&made, "id")?);
    }
    let path = |id: &String, rest: &str| format!("/v1/payment-methods/{id}{rest}");
    let first = stored.first().context("one was stored")?;
    api.send(Method::POST, &path(first, "/default"), None, None, &[])
        .await?
        .ok()?;
    let gone = stored.last().context("one was stored")?;
    let detached = api.send(Method::DELETE, &path(gone, ""), None, None, &[]).await?;
    ensure!(detached.status.is_success(), "{detached:?}");
    let mut payment = platform_payment("stored", &partners.daily, 8_900, "");
    payment["tenders"] = json!([{ "kind": "card", "amount_minor": 8_900, "payment_method_id": first }]);
    made(api, "stored", &payment).await?;
    Ok(())
}

/// Rules in two versions, and payments that name no connector by each of them.
async fn by_rules(api: &Api, partners: &Partners) -> Result<()> {
    let network = json!([{ "connector": "simulator", "weight": 600 }]);
    let first = json!([{ "currency": "BRL", "connectors": network }, { "connectors": network }]);
    let second = json!([{ "currency": "KRW", "amount_to_minor": 5_000, "tender_kind": "card", "connectors": network }]);
    for (expected, rules) in [(0, first), (1, second)] {
        let body = json!({ "expected_version": expected, "rules": rules });
        let path = "/v1/routing";
        api.send(Method::PUT, path, None, Some(&body), &[]).await?.ok()?;
        for price in [4_200, 8_400] {
            let order = format!("routed-{expected}-{price}");
            let mut payment = platform_payment(&order, &partners.daily, price, "");
            payment
                .as_object_mut()
                .context("a payment is an object")?
                .remove("connector");
            payment["tenders"] =
                json!([{ "kind": "card", "amount_minor": price, "tokens": { "simulator": "tok_ok" } }]);
            made(api, &order, &payment).await?;
        }
    }
    Ok(())
}

/// Payments that were taken elsewhere: over, short, with discounts, by several means, for several partners.
async fn from_elsewhere(api: &Api, partners: &Partners) -> Result<()> {
    let Partners {
        daily,
        involved,
        carrying,
        weekly,
        uncontracted,
    } = partners;
    for (order, partner, owed, paid, sold_at) in [
        ("even", daily, 10_000, 10_000, "2025-01-10T03:00:00Z"),
        ("over", daily, 20_000, 20_500, "2025-02-11T03:00:00Z"),
        ("short", daily, 30_000, 29_000, "2025-02-12T14:59:59Z"),
        ("carried-1", carrying, 5_000, 5_000, "2025-01-10T03:00:00Z"),
        ("carried-2", carrying, 9_000, 9_000, "2025-01-12T03:00:00Z"),
        ("carried-3", carrying, 19_000, 19_000, "2025-01-13T03:00:00Z"),
        ("waits-1", uncontracted, 1_000, 1_000, "2025-01-10T03:00:00Z"),
        ("waits-2", uncontracted, 2_000, 2_000, "2025-03-10T03:00:00Z"),
    ] {
        made(api, order, &external_payment(order, partner, owed, paid, sold_at)).await?;
    }
    let basket = json!({
        "order_reference": "basket", "currency": "KRW", "connector": "external", "sold_at": "2025-01-14T03:00:00Z",
        "lines": [
            { "partner_id": involved, "category": "books", "unit_price_minor": 33_000, "quantity": 1,
              "shipping_minor": 2_500, "tax_free_minor": 33_000, "discounts": [
                { "amount_minor": 1_500, "funded_by": "partner" },
                { "amount_minor": 1_500, "funded_by": "platform" }] },
            { "partner_id": involved, "category": "toys", "unit_price_minor": 7_777, "quantity": 3 },
            { "partner_id": daily, "unit_price_minor": 1_000, "quantity": 2, "discounts": [
                { "amount_minor": 100, "funded_by": "platform" }] },
        ],
        "tenders": [
            { "kind": "card", "amount_minor": 40_000 }, { "kind": "voucher", "amount_minor": 5_000 },
            { "kind": "points", "amount_minor": 1_000 }, { "kind": "cash", "amount_minor": 11_731 },
        ],
    });
    made(api, "basket", &basket).await?;
    let dinheiro = |order: &str, price: i64, sold_at: &str| {
        let mut payment = external_payment(order, weekly, price, price, sold_at);
        payment["currency"] = json!("BRL");
        payment
    };
    let batch = json!({ "payments": [
        dinheiro("batch-1", 12_345, "2025-02-20T12:00:00Z"),
        dinheiro("batch-2", 54_321, "2025-03-05T12:00:00Z"),
        dinheiro("batch-2", 54_321, "2025-03-05T12:00:00Z"),
        external_payment("batch-3", involved, 2_000_000, 2_000_000, "2025-02-20T12:00:00Z"),
    ]});
    api.post("/v1/payments/batch", "batch", &batch).await?.ok()?;
    Ok(())
}

/// Waits until everything is priced, settled, booked and reported that can be; takes a hold and asks for settlement
/// by hand on the way.
async fn quiet(platform: &Platform, api: &Api) -> Result<()> {
    let hold = json!({ "reason": "an import runs", "lease_seconds": 60 });
    let taken = api.post("/v1/settlement-holds", "hold", &hold).await?.ok()?;
    let id = text(&taken, "id").or_else(|_| text(&taken, "hold_id"))?;
    let path = format!("/v1/settlement-holds/{id}");
    let released = api.send(Method::DELETE, &path, None, None, &[]).await?;
    ensure!(released.status.is_success(), "{released:?}");
    api.post("/v1/settlements", "by-hand", &json!({})).await?.ok()?;
    eventually("nothing to be on its way", || async {
        let status = api.get("/v1/settlement-status").await?;
        let moving = [
            "payments_lag",
            "pricing_requests",
            "ended_windows_open",
            "requested_windows",
        ];
        let rests = moving
            .iter()
            .all(|name| status.get(*name).and_then(Value::as_i64) == Some(0));
        let (code, report) = platform.run(&["verify", "--json"]).await?;
        ensure!(code == 0, "{report}");
        let report: Value = serde_json::from_str(&report)?;
        let in_flight = report.get("in_flight").and_then(Value::as_i64);
        Ok((rests && in_flight == Some(0)).then_some(()))
    })
    .await
}
