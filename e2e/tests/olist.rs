//! Real orders of a marketplace, imported and settled, against an independent calculation in another language.
//!
//! The orders are not part of the project: `JEONGSAN_SHARED_DATA` names the folder that holds `olist/` and
//! `holidays/`; without it, and without `../shared/data`, the tests say so and pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use e2e::{Api, Mode, Platform, eventually};
use serde_json::{Value, json};

/// Seller, first day, last day, due day.
type Window = (String, String, String, String);
/// Lines and net.
type Figures = (i64, i64);

fn data() -> Option<PathBuf> {
    let given = std::env::var_os("JEONGSAN_SHARED_DATA").map(PathBuf::from);
    let folder = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"));
    if folder.join("olist/orders.csv").exists() {
        return Some(folder);
    }
    println!(
        "skipped: there are no orders in {}; name their folder in JEONGSAN_SHARED_DATA",
        folder.display()
    );
    None
}

fn text(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn number(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or_default()
}

/// Imports the orders in that file; the summary as the command prints it.
async fn import(platform: &Platform, data: &Path, orders: &Path, payments: &Path) -> Result<Value> {
    let show = |path: &Path| path.display().to_string();
    let sellers = show(&data.join("olist/sellers.csv"));
    let (orders, payments) = (show(orders), show(payments));
    let (code, output) = platform
        .run(&[
            "--json",
            "import",
            "orders",
            "--partners",
            &sellers,
            "--orders",
            &orders,
            "--payments",
            &payments,
            "--currency",
            "BRL",
            "--time-zone",
            "America/Sao_Paulo",
            "--rate",
            "12%",
            "--fee-vat",
            "10%",
            "--cycle",
            "monthly",
            "--payout-days",
            "3",
            "--holidays",
            "BR",
            "--valid-from",
            "2016-01-01",
            "--no-progress",
        ])
        .await?;
    ensure!(code == 0, "import ended with {code}:\n{output}");
    let document = output
        .find('{')
        .and_then(|at| output.get(at..))
        .context("a summary in JSON")?;
    let mut documents = serde_json::Deserializer::from_str(document).into_iter::<Value>();
    Ok(documents.next().context("a summary")??)
}

/// Waits until every line is priced and every window that has ended is settled.
async fn settled(api: &Api) -> Result<()> {
    eventually("all that has ended to be settled", || async {
        let status = api.get("/v1/settlement-status").await?;
        let names = [
            "payments_lag",
            "waiting_lines",
            "ended_windows_open",
            "requested_windows",
        ];
        Ok(names.iter().all(|name| number(&status, name) == 0).then_some(()))
    })
    .await
}

async fn statements(api: &Api) -> Result<BTreeMap<Window, Figures>> {
    let partners = api.list("/v1/partners").await?;
    let references: BTreeMap<String, String> = partners
        .iter()
        .map(|p| (text(p, "id"), text(p, "reference")))
        .collect();
    let mut found = BTreeMap::new();
    for statement in api.list("/v1/settlements").await? {
        let seller = references
            .get(&text(&statement, "partner_id"))
            .cloned()
            .unwrap_or_default();
        let window = (
            seller,
            text(&statement, "starts_on"),
            text(&statement, "ends_on"),
            text(&statement, "due_on"),
        );
        let figures = (
            number(&statement, "line_count"),
            number(&statement, "earned_minor"),
        );
        ensure!(
            found.insert(window.clone(), figures).is_none(),
            "two statements of {window:?}"
        );
        ensure!(
            number(&statement, "payable_minor") == figures.1,
            "nothing is carried: {statement}"
        );
    }
    Ok(found)
}

fn expected(data: &Path, change: Option<&str>) -> Result<(BTreeMap<Window, Figures>, Value)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("olist/expected.py");
    let holidays = data.join("holidays/public_holidays_KR_BR_US_2016_2028.json");
    let mut command = std::process::Command::new("python3");
    command
        .arg(script)
        .arg(data.join("olist"))
        .arg("--holidays")
        .arg(holidays);
    if let Some(change) = change {
        command.args(["--change", change]);
    }
    let output = command.output().context("python3 is needed")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let result: Value = serde_json::from_slice(&output.stdout)?;
    let listed = result
        .get("statements")
        .and_then(Value::as_array)
        .context("statements")?;
    let statements = listed
        .iter()
        .map(|s| {
            let window = (
                text(s, "seller"),
                text(s, "starts_on"),
                text(s, "ends_on"),
                text(s, "due_on"),
            );
            (window, (number(s, "lines"), number(s, "net_minor")))
        })
        .collect();
    Ok((statements, result))
}

fn compare(found: &BTreeMap<Window, Figures>, wanted: &BTreeMap<Window, Figures>) -> Result<()> {
    for (window, figures) in wanted {
        ensure!(
            found.get(window) == Some(figures),
            "{window:?}: {:?}, not {figures:?}",
            found.get(window)
        );
    }
    ensure!(
        found.len() == wanted.len(),
        "{} statements, not {}",
        found.len(),
        wanted.len()
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_orders_are_settled_as_calculated_independently() -> Result<()> {
    let Some(data) = data() else { return Ok(()) };
    let platform = Platform::start(Mode::One).await?;
    let api = platform.api()?;
    let files = (data.join("olist/orders.csv"), data.join("olist/payments.csv"));
    let summary = import(&platform, &data, &files.0, &files.1).await?;
    println!("{summary}");
    settled(&api).await?;
    let (wanted, calculation) = expected(&data, None)?;
    let totals = &calculation["totals"];
    let facts = ["orders", "lines", "lines_minor", "payments_minor"].map(|name| number(totals, name));
    ensure!(facts == [6_133, 6_977, 99_147_627, 99_160_665], "{facts:?}");
    compare(&statements(&api).await?, &wanted)?;

    let breaks = eventually("every break to be reported", || async {
        let breaks = api.list("/v1/breaks").await?;
        Ok((breaks.len() == 38).then_some(breaks))
    })
    .await?;
    let sum = |kind: &str| -> (usize, i64) {
        let own: Vec<i64> = breaks
            .iter()
            .filter(|b| text(b, "kind") == kind)
            .map(|b| number(b, "amount_minor"))
            .collect();
        (own.len(), own.iter().sum())
    };
    let (over, short) = (sum("over"), sum("short"));
    ensure!(
        (over.0, short.0, over.1 - short.1) == (23, 15, 13_038),
        "over {over:?}, short {short:?}"
    );
    let balance = api.get("/v1/trial-balance").await?;
    let zero = balance
        .pointer("/totals/0/difference_minor")
        .is_some_and(|d| d == "0");
    ensure!(zero, "{balance}");
    platform.verify().await?;

    import(&platform, &data, &files.0, &files.1).await?;
    settled(&api).await?;
    ensure!(
        api.list("/v1/payments").await?.len() == 6_133,
        "importing again changes nothing"
    );
    compare(&statements(&api).await?, &wanted)?;
    platform.verify().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_rate_prices_sales_from_its_first_day_on() -> Result<()> {
    let Some(data) = data() else { return Ok(()) };
    let platform = Platform::start(Mode::One).await?;
    let api = platform.api()?;
    // Partners and their contracts first: files that hold no orders.
    let empty = |name: &str, header: &str| -> Result<PathBuf> {
        let path = platform.data_dir().join(name);
        std::fs::write(&path, header)?;
        Ok(path)
    };
    let no_orders = empty(
        "no-orders.csv",
        "order_id,line,seller_id,category,sold_at,price,freight\n",
    )?;
    let no_payments = empty("no-payments.csv", "order_id,sequence,method,instalments,amount\n")?;
    import(&platform, &data, &no_orders, &no_payments).await?;
    for contract in api.list("/v1/contracts").await? {
        let id = text(&contract, "id");
        let mut terms = contract
            .pointer("/versions/0/terms")
            .cloned()
            .context("the terms of version 1")?;
        terms["rate_ppm"] = json!(95_000);
        let version =
            json!({ "valid_from": "2018-01-01", "terms": terms, "reason": "agreed with all sellers" });
        api.post(
            &format!("/v1/contracts/{id}/versions"),
            &format!("rate-{id}"),
            &version,
        )
        .await?
        .ok()?;
    }
    import(
        &platform,
        &data,
        &data.join("olist/orders.csv"),
        &data.join("olist/payments.csv"),
    )
    .await?;
    settled(&api).await?;
    let (wanted, _) = expected(&data, Some("2018-01-01:95000"))?;
    compare(&statements(&api).await?, &wanted)?;
    platform.verify().await
}
