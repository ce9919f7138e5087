//! Refunds against what was told of them, and what the settlement service took back of lines.

use std::collections::BTreeMap;

use contracts::Event as _;
use contracts::events::{PaymentRefunded, RefundOutcome, RefundedLine};

use crate::VerifyError;
use crate::compare::{States, agree};
use crate::databases::Databases;
use crate::lines::origin;
use crate::published::{Published, Reach, Stories};
use crate::report::Check;

/// Checks that refunds were told of and follow each other, and that every refunded line was taken in.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let Databases {
        payment, settlement, ..
    } = databases;
    let mut checks = Vec::new();
    let mut check = databases.check(
        "payments_refunded_told",
        "every refund of a payment that was captured in full was told of once, and every reversal of one",
    );
    let states = States::of(payment, "refunded", include_str!("sql/payment/refunded.sql")).await?;
    let stories = Stories::of(payment, PaymentRefunded::TOPIC, Reach::own()).await?;
    agree(&mut check, "pay", stories, states, refunded).await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "refunded_lines_reversed_or_waiting",
        "every line of every refund is taken back or waits visibly, once, as it was told",
    );
    let sql = include_str!("sql/settlement/refunds_taken_in.sql");
    let states = States::of(settlement, "refunds taken in", sql).await?;
    let reach = Reach::of(settlement, PaymentRefunded::TOPIC).await?;
    let stories = Stories::of(payment, PaymentRefunded::TOPIC, reach).await?;
    agree(&mut check, "pay", stories, states, taken_in).await?;
    let sql = "select count(*) from waiting_reversals";
    let (waiting,): (i64,) = settlement.one("waiting reversals", sql).await?;
    check.waiting += waiting;
    check.done(&mut checks);
    Ok(checks)
}

/// The refunds of a payment, and that each begins where the one before left its lines.
fn refunded(events: &[&Published]) -> Result<Option<String>, String> {
    let mut head = None;
    let mut refunds = Vec::with_capacity(events.len());
    let mut gone: BTreeMap<i32, i64> = BTreeMap::new();
    for event in events {
        let told: PaymentRefunded = event.event()?;
        if told.refunded_at.timestamp_micros() != event.occurred_at.timestamp_micros() {
            return Err(format!(
                "{} was told at another time than {}",
                told.transaction_id, told.refunded_at
            ));
        }
        let outcome = word(told.outcome);
        for line in &told.lines {
            let before = gone.entry(line.line_number).or_default();
            if *before != line.refunded_before_minor {
                return Err(format!(
                    "{} begins at {} of line {}, of which {before} was given back",
                    told.transaction_id, line.refunded_before_minor, line.line_number
                ));
            }
            *before = match told.outcome {
                RefundOutcome::Refunded => before.saturating_add(line.refunded_minor),
                RefundOutcome::Reversed => before.saturating_sub(line.refunded_minor),
            };
        }
        let mut lines: Vec<_> = told
            .lines
            .iter()
            .map(|l| (l.line_number, l.refunded_minor))
            .collect();
        lines.sort_unstable();
        let lines: Vec<String> = lines
            .iter()
            .map(|(line, minor)| format!("{line}:{minor}"))
            .collect();
        refunds.push((
            told.transaction_id.as_uuid(),
            outcome,
            format!(
                "[{} {outcome} {}:{} {} {}]",
                told.transaction_id.as_uuid(),
                told.tender.tender_id.as_uuid(),
                told.tender.kind.as_str(),
                told.tender.refunded_minor,
                lines.join(",")
            ),
        ));
        head = Some(format!(
            "reference={} sold_at={} origin={} currency={}",
            told.order_reference,
            told.sold_at.timestamp_micros(),
            origin(told.origin),
            told.currency
        ));
    }
    refunds.sort();
    let refunds: Vec<String> = refunds.into_iter().map(|(_, _, text)| text).collect();
    Ok(head.map(|head| format!("{head} {}", refunds.join(" "))))
}

/// What was taken back of the lines of a payment, as the settlement service keeps it.
fn taken_in(events: &[&Published]) -> Result<Option<String>, String> {
    let mut back: BTreeMap<i32, i128> = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for event in events {
        let told: PaymentRefunded = event.event()?;
        for line in &told.lines {
            follow(&mut back, &told, line)?;
            let key = (
                told.transaction_id.as_uuid(),
                word(told.outcome),
                line.line_number,
            );
            if texts.insert(key, text(&told, line)).is_some() {
                return Err(format!(
                    "{} was told as {} twice for line {}",
                    told.transaction_id,
                    word(told.outcome),
                    line.line_number
                ));
            }
        }
    }
    let texts: Vec<String> = texts.into_values().collect();
    Ok((!texts.is_empty()).then(|| texts.join(" ")))
}

/// Each refund of a line begins where the one before ended, and stays within what was owed.
fn follow(back: &mut BTreeMap<i32, i128>, told: &PaymentRefunded, line: &RefundedLine) -> Result<(), String> {
    let so_far = back.entry(line.line_number).or_default();
    if *so_far != i128::from(line.refunded_before_minor) {
        return Err(format!(
            "{} says that {} of line {} was back before, and {so_far} was",
            told.transaction_id, line.refunded_before_minor, line.line_number
        ));
    }
    let refunded = i128::from(line.refunded_minor);
    *so_far += match told.outcome {
        RefundOutcome::Refunded => refunded,
        RefundOutcome::Reversed => -refunded,
    };
    if *so_far < 0 || *so_far > i128::from(line.owed_minor) {
        return Err(format!(
            "after {} {so_far} of line {} is back, of {}",
            told.transaction_id, line.line_number, line.owed_minor
        ));
    }
    Ok(())
}

fn word(outcome: RefundOutcome) -> &'static str {
    match outcome {
        RefundOutcome::Refunded => "refunded",
        RefundOutcome::Reversed => "reversed",
    }
}

fn text(told: &PaymentRefunded, line: &RefundedLine) -> String {
    format!(
        "[refund={} outcome={} line={} partner={} currency={} gross={} tax_free={} by_partner={} by_platform={} \
         shipping={} owed={} before={} sold_at={} refunded_at={}]",
        told.transaction_id.as_uuid(),
        word(told.outcome),
        line.line_number,
        line.partner_id.as_uuid(),
        told.currency,
        line.gross_minor,
        line.tax_free_minor,
        line.partner_discount_minor,
        line.platform_discount_minor,
        line.shipping_minor,
        line.owed_minor,
        line.refunded_before_minor,
        told.sold_at.timestamp_micros(),
        told.refunded_at.timestamp_micros()
    )
}
