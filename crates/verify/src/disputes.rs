//! Disputes against what was told of them, and what the settlement service took and gave back of lines.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use contracts::Event as _;
use contracts::events::{DisputeChanged, DisputeState, DisputedFunds, DisputedLine};
use uuid::Uuid;

use crate::VerifyError;
use crate::compare::{States, agree};
use crate::databases::Databases;
use crate::published::{Published, Reach, Stories};
use crate::report::Check;

/// Checks that disputes were told of change by change, and that every line whose money moved was taken in.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let Databases {
        payment, settlement, ..
    } = databases;
    let mut checks = Vec::new();
    let mut check = databases.check(
        "disputes_told",
        "every change of every dispute was told of once, and it stands as it was told of last",
    );
    let states = States::of(payment, "disputes", include_str!("sql/payment/disputed.sql")).await?;
    let stories = Stories::of(payment, DisputeChanged::TOPIC, Reach::own()).await?;
    agree(&mut check, "pay", stories, states, stands).await?;
    check.done(&mut checks);
    let mut check = databases.check(
        "disputed_lines_taken_in_or_waiting",
        "every line of every dispute that moved money is taken in or waits visibly, once, as it was told",
    );
    let sql = include_str!("sql/settlement/disputes_taken_in.sql");
    let states = States::of(settlement, "disputes taken in", sql).await?;
    let reach = Reach::of(settlement, DisputeChanged::TOPIC).await?;
    let stories = Stories::of(payment, DisputeChanged::TOPIC, reach).await?;
    agree(&mut check, "pay", stories, states, taken_in).await?;
    let sql = "select count(*) from waiting_disputed_lines";
    let (waiting,): (i64,) = settlement.one("waiting disputed lines", sql).await?;
    check.waiting += waiting;
    check.done(&mut checks);
    Ok(checks)
}

/// How a dispute stands so far.
#[derive(Default)]
struct Course {
    version: i32,
    is_withdrawn: bool,
    opened_at: Option<DateTime<Utc>>,
    last: Option<DisputeChanged>,
}

/// How the disputes of a payment stand by what was told of them.
fn stands(events: &[&Published]) -> Result<Option<String>, String> {
    let mut courses: BTreeMap<Uuid, Course> = BTreeMap::new();
    for event in events {
        let told: DisputeChanged = event.event()?;
        let course = courses.entry(told.dispute_id.as_uuid()).or_default();
        course.opened_at.get_or_insert(event.occurred_at);
        follow(course, told)?;
    }
    let texts: Vec<String> = courses
        .values()
        .filter_map(|course| Some(standing(course, course.last.as_ref()?)))
        .collect();
    Ok((!texts.is_empty()).then(|| texts.join(" ")))
}

fn standing(course: &Course, told: &DisputeChanged) -> String {
    let lines: Vec<String> = told
        .lines
        .iter()
        .map(|line| {
            format!(
                "{}:{}:{}",
                line.line_number,
                line.partner_id.as_uuid(),
                line.disputed_minor
            )
        })
        .collect();
    format!(
        "[dispute={} version={} tender={}:{} amount={} currency={} reason={} state={} withdrawn={} lines={} order={} \
         sold_at={} opened_at={} changed_at={}]",
        told.dispute_id.as_uuid(),
        told.version,
        told.tender_id.as_uuid(),
        told.tender_kind.as_str(),
        told.amount.amount_minor(),
        told.amount.currency(),
        told.reason,
        match told.state {
            DisputeState::Warning => "warning",
            DisputeState::WarningClosed => "warning_closed",
            DisputeState::NeedsResponse => "needs_response",
            DisputeState::UnderReview => "under_review",
            DisputeState::Won => "won",
            DisputeState::Lost => "lost",
        },
        if course.is_withdrawn { "t" } else { "f" },
        lines.join(","),
        told.order_reference,
        told.sold_at.timestamp_micros(),
        course.opened_at.unwrap_or_default().timestamp_micros(),
        told.changed_at.timestamp_micros()
    )
}

/// What disputes moved of the lines of a payment, as the settlement service keeps it.
fn taken_in(events: &[&Published]) -> Result<Option<String>, String> {
    let mut courses: BTreeMap<Uuid, Course> = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for event in events {
        let told: DisputeChanged = event.event()?;
        follow(
            courses.entry(told.dispute_id.as_uuid()).or_default(),
            told.clone(),
        )?;
        if told.funds == DisputedFunds::Unmoved {
            continue;
        }
        for line in &told.lines {
            let key = (told.dispute_id.as_uuid(), told.version, line.line_number);
            if texts.insert(key, text(&told, line)).is_some() {
                return Err(format!(
                    "version {} of {} was told twice for line {}",
                    told.version, told.dispute_id, line.line_number
                ));
            }
        }
    }
    let texts: Vec<String> = texts.into_values().collect();
    Ok((!texts.is_empty()).then(|| texts.join(" ")))
}

/// Versions follow each other, are about one amount, of the same lines but where a bank takes the money only now, and what
/// comes back was taken.
fn follow(course: &mut Course, told: DisputeChanged) -> Result<(), String> {
    if told.version != course.version + 1 {
        return Err(format!(
            "{} was told in version {} after {}",
            told.dispute_id, told.version, course.version
        ));
    }
    let is_taken_now = told.funds == DisputedFunds::Withdrawn;
    let differs =
        |last: &DisputeChanged| last.amount != told.amount || (last.lines != told.lines && !is_taken_now);
    if course.last.as_ref().is_some_and(differs) {
        return Err(format!("{} is about something else than before", told.dispute_id));
    }
    let is_withdrawn = match (told.funds, course.is_withdrawn) {
        (DisputedFunds::Withdrawn, false) => true,
        (DisputedFunds::Returned, true) => false,
        (DisputedFunds::Unmoved, before) => before,
        (funds, _) => return Err(format!("{} was {funds:?} twice", told.dispute_id)),
    };
    course.version = told.version;
    course.is_withdrawn = is_withdrawn;
    course.last = Some(told);
    Ok(())
}

fn text(told: &DisputeChanged, line: &DisputedLine) -> String {
    format!(
        "[dispute={} version={} line={} partner={} currency={} funds={} disputed={} sold_at={} changed_at={}]",
        told.dispute_id.as_uuid(),
        told.version,
        line.line_number,
        line.partner_id.as_uuid(),
        told.amount.currency(),
        match told.funds {
            DisputedFunds::Unmoved => "unmoved",
            DisputedFunds::Withdrawn => "withdrawn",
            DisputedFunds::Returned => "returned",
        },
        line.disputed_minor,
        told.sold_at.timestamp_micros(),
        told.changed_at.timestamp_micros()
    )
}
