//! Priced lines, windows, statements and schedules: what was told of them, and what they must be by the contracts.

use contracts::Event as _;
use contracts::contract_terms::Bearer;
use contracts::events::{PricedLine, SettlementCompleted, SettlementLinesPriced, SettlementRequested};
use uuid::Uuid;

use crate::VerifyError;
use crate::compare::{States, agree};
use crate::databases::Databases;
use crate::placement;
use crate::published::{Published, Reach, Stories};
use crate::report::Check;
use crate::terms::Contracts;

/// Checks them all.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let settlement = &databases.settlement;

    let mut check = databases.check(
        "priced_lines_told",
        "every priced line was told of once, as it is",
    );
    let sql = include_str!("sql/settlement/lines_priced.sql");
    let states = States::of(settlement, "priced lines", sql).await?;
    let stories = Stories::of(settlement, SettlementLinesPriced::TOPIC, Reach::own()).await?;
    agree(&mut check, "pay", stories, states, |events| {
        priced(events).map(Some)
    })
    .await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "settlements_requested_told",
        "every window that is to be settled was asked for once",
    );
    let sql = include_str!("sql/settlement/requests.sql");
    let states = States::of(settlement, "requests", sql).await?;
    let stories = Stories::of(settlement, SettlementRequested::TOPIC, Reach::own()).await?;
    agree(&mut check, "win", stories, states, |events| {
        requested(events).map(Some)
    })
    .await?;
    check.done(&mut checks);

    let mut check = databases.check("statements_told", "every statement was told of once, as it is");
    let sql = include_str!("sql/settlement/statements.sql");
    let states = States::of(settlement, "statements", sql).await?;
    let stories = Stories::of(settlement, SettlementCompleted::TOPIC, Reach::own()).await?;
    agree(&mut check, "stl", stories, states, |events| {
        completed(events).map(Some)
    })
    .await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "contract_versions",
        "contracts can be read and start when they say",
    );
    let contracts = Contracts::read(settlement, &mut check).await?;
    check.done(&mut checks);
    placement::check(databases, &contracts, &mut checks).await?;
    Ok(checks)
}

/// All lines that the events of a payment told of, by number, a line and what was taken back of it by their identifiers.
fn priced(events: &[&Published]) -> Result<String, String> {
    let mut lines: Vec<((i32, Uuid), String)> = Vec::new();
    for event in events {
        let told: SettlementLinesPriced = event.event()?;
        let sold_at = told.sold_at.timestamp_micros();
        let recorded_at = event.occurred_at.timestamp_micros();
        for line in &told.lines {
            let text = format!("[{} sold_at={sold_at} recorded_at={recorded_at}]", steps(line));
            lines.push(((line.line_number, line.detail_id.as_uuid()), text));
        }
    }
    lines.sort_by_key(|(place, _)| *place);
    let texts: Vec<String> = lines.into_iter().map(|(_, text)| text).collect();
    Ok(texts.join(" "))
}

fn steps(line: &PricedLine) -> String {
    format!(
        "line={} detail={} partner={} currency={} gross={} by_partner={} by_platform={} fee={} vat={} borne_by={} \
         shipping={} net={} contract={}/{} window={}",
        line.line_number,
        line.detail_id.as_uuid(),
        line.partner_id.as_uuid(),
        line.currency,
        line.gross_minor,
        line.partner_discount_minor,
        line.platform_discount_minor,
        line.fee_minor,
        line.fee_vat_minor,
        match line.fee_vat_borne_by {
            Bearer::Partner => "partner",
            Bearer::Platform => "platform",
        },
        line.shipping_minor,
        line.net_minor,
        line.contract_id.as_uuid(),
        line.contract_version,
        line.window_id.as_uuid()
    )
}

fn requested(events: &[&Published]) -> Result<String, String> {
    let [event] = events else {
        return Err(format!("was asked for {} times", events.len()));
    };
    let told: SettlementRequested = event.event()?;
    if told.requested_by.is_empty() {
        return Err("was asked for by nobody".to_owned());
    }
    Ok(format!("requested_at={}", event.occurred_at.timestamp_micros()))
}

fn completed(events: &[&Published]) -> Result<String, String> {
    let [event] = events else {
        return Err(format!("was told {} times", events.len()));
    };
    let told: SettlementCompleted = event.event()?;
    if event.occurred_at.timestamp_micros() != told.settled_at.timestamp_micros() {
        return Err(format!(
            "was told at {}, settled at {}",
            event.occurred_at, told.settled_at
        ));
    }
    Ok(format!(
        "window={} partner={} currency={} starts_on={} ends_on={} due_on={} lines={} earned={} carried_in={} \
         payable={} carried_out={} settled_at={}",
        told.window_id.as_uuid(),
        told.partner_id.as_uuid(),
        told.currency,
        told.starts_on,
        told.ends_on,
        told.due_on,
        told.line_count,
        told.earned_minor,
        told.carried_in_minor,
        told.payable_minor,
        told.carried_out_minor,
        told.settled_at.timestamp_micros()
    ))
}
