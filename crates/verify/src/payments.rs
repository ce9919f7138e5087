//! Payments against what was told of them, and what the settlement service took in of them.

use contracts::Event as _;
use contracts::contract_terms::Bearer;
use contracts::events::{PaidLine, PaymentCompleted, PaymentFailed, PaymentRequested};
use ids::TransactionId;

use crate::VerifyError;
use crate::compare::{States, agree, side_by_side};
use crate::databases::Databases;
use crate::lines::{origin, sold, whole};
use crate::names;
use crate::published::{Published, Reach, Stories, Story};
use crate::report::Check;

/// Checks them all.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let Databases {
        payment, settlement, ..
    } = databases;

    let mut check = databases.check(
        "payments_completed_told",
        "every payment that was captured in full was told of once, as it is",
    );
    let states = States::of(payment, "completed", include_str!("sql/payment/completed.sql")).await?;
    let stories = Stories::of(payment, PaymentCompleted::TOPIC, Reach::own()).await?;
    agree(&mut check, "pay", stories, states, completed).await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "payments_failed_told",
        "every payment that failed was told of once, as it is",
    );
    let states = States::of(payment, "failed", include_str!("sql/payment/failed.sql")).await?;
    let stories = Stories::of(payment, PaymentFailed::TOPIC, Reach::own()).await?;
    agree(&mut check, "pay", stories, states, failed).await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "payments_requested_told",
        "every payment that was asked for exists, and every one that is still to be worked on was asked for",
    );
    let states = States::of(payment, "requested", include_str!("sql/payment/requested.sql")).await?;
    let stories = Stories::of(payment, PaymentRequested::TOPIC, Reach::own()).await?;
    side_by_side(&mut check, stories, states, |check, id, story, state| {
        let name = vec![names::known(&format!("pay:{id}"))];
        let told = story.map(Story::handled).unwrap_or_default();
        if let Some(Err(problem)) = told.first().map(|event| event.event::<PaymentRequested>()) {
            check.found(name, problem);
            return;
        }
        let (made_at, state) = state.and_then(|state| state.split_once(' ')).unzip();
        let is_of_then = |event: &&Published| {
            made_at.is_none_or(|at| at == event.occurred_at.timestamp_micros().to_string())
        };
        match (told.len(), state) {
            (_, None) => check.found(name, "was asked for and does not exist"),
            (2.., _) => check.found(name, format!("was asked for {} times", told.len())),
            (1, Some("recorded")) => check.found(name, "was recorded from elsewhere, and asked for"),
            (0, Some("waits")) => check.found(name, "waits for its event, which was never told"),
            _ if !told.iter().all(is_of_then) => {
                check.found(name, "was asked for at another time than it was made");
            }
            _ => {}
        }
    })
    .await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "connector_keys",
        "every operation has a key of its own at its connector",
    );
    let mut rows = payment
        .stream::<(String, String)>("keys", include_str!("sql/payment/keys.sql"))
        .await?;
    while let Some((id, key)) = rows.next().await? {
        check.examined += 1;
        let own = names::uuid_of(&id).map(|id| TransactionId::from_uuid(id).to_string());
        if !key.is_empty() && own.as_ref() != Some(&key) {
            check.found(
                vec![names::known(&format!("txn:{id}"))],
                format!("has the key {key}"),
            );
        }
    }
    check.done(&mut checks);

    let mut check = databases.check(
        "completed_lines_priced_or_waiting",
        "every line of every completed payment is priced or waits visibly, once, as it was sold",
    );
    let sql = include_str!("sql/settlement/lines_taken_in.sql");
    let states = States::of(settlement, "lines taken in", sql).await?;
    let reach = Reach::of(settlement, PaymentCompleted::TOPIC).await?;
    let stories = Stories::of(payment, PaymentCompleted::TOPIC, reach).await?;
    agree(&mut check, "pay", stories, states, taken_in).await?;
    let sql = "select count(*) from waiting_lines";
    let (waiting,): (i64,) = settlement.one("waiting lines", sql).await?;
    check.waiting += waiting;
    check.done(&mut checks);
    Ok(checks)
}

/// The one event of a topic that is told once.
fn only<E: contracts::Event>(events: &[&Published]) -> Result<E, String> {
    match events {
        [event] => event.event(),
        _ => Err(format!("{} was told {} times", E::TOPIC, events.len())),
    }
}

fn completed(events: &[&Published]) -> Result<Option<String>, String> {
    let told: PaymentCompleted = only(events)?;
    let tenders: Vec<String> = told
        .tenders
        .iter()
        .map(|t| {
            format!(
                "{}:{}:{}",
                t.tender_id.as_uuid(),
                t.kind.as_str(),
                t.captured_minor
            )
        })
        .collect();
    let lines: Vec<String> = told.lines.iter().map(whole).collect();
    Ok(Some(format!(
        "reference={} sold_at={} origin={} currency={} told_at={} tenders={} {}",
        told.order_reference,
        told.sold_at.timestamp_micros(),
        origin(told.origin),
        told.currency,
        events
            .iter()
            .map(|event| event.occurred_at.timestamp_micros())
            .max()
            .unwrap_or_default(),
        tenders.join(","),
        lines.join(" ")
    )))
}

fn failed(events: &[&Published]) -> Result<Option<String>, String> {
    let told: PaymentFailed = only(events)?;
    if events
        .iter()
        .any(|e| e.occurred_at.timestamp_micros() != told.failed_at.timestamp_micros())
    {
        return Err(format!(
            "failed at {}, and was told at another time",
            told.failed_at
        ));
    }
    Ok(Some(format!(
        "reference={} currency={} amount={} reason={} failed_at={}",
        told.order_reference,
        told.amount.currency(),
        told.amount.amount_minor(),
        told.reason,
        told.failed_at.timestamp_micros()
    )))
}

/// The lines of a payment as the settlement service keeps them.
fn taken_in(events: &[&Published]) -> Result<Option<String>, String> {
    let told: PaymentCompleted = only(events)?;
    let mut lines: Vec<&PaidLine> = told.lines.iter().collect();
    lines.sort_by_key(|line| line.line_number);
    let funded_by = |line: &PaidLine, bearer: Bearer| -> i128 {
        line.discounts
            .iter()
            .filter(|d| d.funded_by == bearer)
            .map(|d| i128::from(d.amount_minor))
            .sum()
    };
    let texts: Vec<String> = lines
        .into_iter()
        .map(|line| {
            format!(
                "[{} by_partner={} by_platform={} currency={} sold_at={}]",
                sold(line),
                funded_by(line, Bearer::Partner),
                funded_by(line, Bearer::Platform),
                told.currency,
                told.sold_at.timestamp_micros()
            )
        })
        .collect();
    Ok((!texts.is_empty()).then(|| texts.join(" ")))
}
