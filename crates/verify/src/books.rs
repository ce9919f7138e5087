//! The books against the facts that they book.

use std::collections::{BTreeMap, HashMap};

use calendar::TimeZone;
use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use contracts::events::{
    AccountingEntry, DisputeChanged, PaymentCompleted, PaymentRefunded, SettlementCompleted,
    SettlementLinesPriced, Side,
};
use contracts::{Event, topics};
use uuid::Uuid;

use crate::VerifyError;
use crate::compare::{States, agree, difference, side_by_side};
use crate::databases::Databases;
use crate::entry::Entry;
use crate::names;
use crate::published::{Fate, Published, Reach, Stories};
use crate::report::Check;
use crate::snapshot::{Rows, Snapshot};

/// What is owed, by partner and currency.
type Payables = HashMap<(Uuid, String), i128>;

/// How a fact of each kind is booked: the prefix of its aggregates, the entry, and when it happened.
struct Booking<E> {
    prefix: &'static str,
    entry: fn(&E) -> Entry,
    happened_at: fn(&E, DateTime<Utc>) -> DateTime<Utc>,
}

/// Checks them all.
pub(crate) async fn check(databases: &Databases, time_zone: TimeZone) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let Databases {
        accounting,
        settlement,
        payment,
        ..
    } = databases;
    let days = Days::read(accounting, time_zone).await?;
    let mut expected = Payables::new();

    let booking = Booking::<PaymentCompleted> {
        prefix: "pay",
        entry: Entry::of_payment,
        happened_at: |told, _| told.sold_at,
    };
    booked(databases, payment, &days, &booking, &mut expected)
        .await?
        .done(&mut checks);
    let booking = Booking::<PaymentRefunded> {
        prefix: "pay",
        entry: Entry::of_refund,
        happened_at: |told, _| told.refunded_at,
    };
    booked(databases, payment, &days, &booking, &mut expected)
        .await?
        .done(&mut checks);
    let booking = Booking::<DisputeChanged> {
        prefix: "pay",
        entry: Entry::of_dispute,
        happened_at: |told, _| told.changed_at,
    };
    booked(databases, payment, &days, &booking, &mut expected)
        .await?
        .done(&mut checks);
    let booking = Booking::<SettlementLinesPriced> {
        prefix: "pay",
        entry: Entry::of_lines,
        happened_at: |_, published_at| published_at,
    };
    booked(databases, settlement, &days, &booking, &mut expected)
        .await?
        .done(&mut checks);
    let booking = Booking::<SettlementCompleted> {
        prefix: "stl",
        entry: Entry::of_statement,
        happened_at: |_, published_at| published_at,
    };
    booked(databases, settlement, &days, &booking, &mut expected)
        .await?
        .done(&mut checks);

    let mut check = databases.check(
        "unsettled_payable",
        "what partners are owed for unsettled lines is the sum of those lines, at the books' positions",
    );
    let stands = payables(accounting, include_str!("sql/accounting/payables.sql")).await?;
    owed(&mut check, &expected, &stands, "the events handled say");
    check.done(&mut checks);

    let mut check = databases.check("entries_told", "every entry was told of once, as it is");
    let sql = include_str!("sql/accounting/published.sql");
    let states = States::of(accounting, "entries", sql).await?;
    let stories = Stories::of(accounting, AccountingEntry::TOPIC, Reach::own()).await?;
    agree(&mut check, "jen", stories, states, |events| {
        told(events).map(Some)
    })
    .await?;
    check.done(&mut checks);
    Ok(checks)
}

/// Where nothing is on its way, the books can be compared with the lines themselves. None where something is.
pub(crate) async fn directly(databases: &Databases, checks: &[Check]) -> Result<Option<Check>, VerifyError> {
    if !at_rest(checks) {
        return Ok(None);
    }
    let mut check = databases.check(
        "unsettled_payable_directly",
        "what partners are owed for unsettled lines is the sum of those lines, nothing being on its way",
    );
    let sql = include_str!("sql/settlement/unsettled.sql");
    let lines = payables(&databases.settlement, sql).await?;
    let sql = include_str!("sql/accounting/payables.sql");
    let stands = payables(&databases.accounting, sql).await?;
    owed(&mut check, &lines, &stands, "the unsettled lines say");
    Ok(Some(check))
}

/// Checks that the facts of one topic are booked, once, as they must be.
async fn booked<E: Event>(
    databases: &Databases,
    producer: &Snapshot,
    days: &Days,
    booking: &Booking<E>,
    expected: &mut Payables,
) -> Result<Check, VerifyError> {
    let accounting = &databases.accounting;
    let mut check = databases.check(
        format!("{}_booked", E::TOPIC.name.replace('-', "_")),
        format!("every {} is booked once, as the table of postings says", E::TOPIC),
    );
    let sql = include_str!("sql/accounting/entries.sql").replace(":topic", E::TOPIC.name);
    let states = States::of(accounting, E::TOPIC.name, &sql).await?;
    let reach = Reach::of(accounting, E::TOPIC).await?;
    let stories = Stories::of(producer, E::TOPIC, reach).await?;
    side_by_side(&mut check, stories, states, |check, id, story, state| {
        let name = || vec![names::known(&format!("{}:{id}", booking.prefix))];
        let mut entries = by_number(state);
        if let Some(story) = story {
            check.in_flight += story.count(Fate::InFlight);
            check.waiting += story.count(Fate::Waiting);
        }
        for event in story.map(|story| story.handled()).unwrap_or_default() {
            let fact: E = match event.event() {
                Ok(fact) => fact,
                Err(problem) => {
                    check.found(name(), problem);
                    continue;
                }
            };
            let entry = (booking.entry)(&fact);
            for (account, amount) in entry.unsettled() {
                *expected.entry(account).or_default() += amount;
            }
            let happened_at = (booking.happened_at)(&fact, event.occurred_at);
            let stands = entries.remove(&event.number);
            if let Some(problem) = differs(days, &entry, id, happened_at, stands.as_deref()) {
                check.found(name(), format!("event {}: {problem}", event.number));
            }
        }
        for (number, entry) in entries {
            check.found(
                name(),
                format!("event {number} is booked, but was not handled: {entry}"),
            );
        }
    })
    .await?;
    Ok(check)
}

/// The entries of one aggregate by the number of their events. A second one of the same number gets a number that no
/// event has.
fn by_number(state: Option<&str>) -> BTreeMap<i64, String> {
    let mut entries = BTreeMap::new();
    for (line, spare) in state.into_iter().flat_map(|state| state.split('\n')).zip(1_i64..) {
        if let Some((number, text)) = line.split_once('|') {
            let number = number.parse().unwrap_or(-spare);
            let number = if entries.contains_key(&number) {
                -spare
            } else {
                number
            };
            entries.insert(number, text.to_owned());
        }
    }
    entries
}

fn differs(
    days: &Days,
    entry: &Entry,
    id: Uuid,
    happened_at: DateTime<Utc>,
    stands: Option<&str>,
) -> Option<String> {
    let Some(lines) = entry.lines() else {
        return stands.map(|stands| format!("moves nothing, and is booked: {stands}"));
    };
    let Some(stands) = stands else {
        return Some(format!("is not booked: {lines}"));
    };
    let currency = lines.rsplit('/').next().unwrap_or_default();
    let found = match (entry.over, entry.repaid) {
        (0, 0) => String::new(),
        (0, repaid) => format!("{id}/repaid/{repaid}/{currency}"),
        (over, _) => {
            let kind = if over > 0 { "over" } else { "short" };
            let taken_by = entry
                .taken_by
                .map(|(dispute, version)| format!("/{dispute}/{version}"));
            format!(
                "{id}/{kind}/{}/{currency}{}",
                over.abs(),
                taken_by.unwrap_or_default()
            )
        }
    };
    let happened = happened_at.timestamp_micros();
    let wanted =
        |day: NaiveDate| format!("posted_on={day} occurred_at={happened} book=main break={found} {lines}");
    if days.of(happened_at).any(|day| wanted(day) == stands) {
        return None;
    }
    let natural = days.of(happened_at).next().unwrap_or_default();
    Some(difference(&wanted(natural), stands))
}

/// To which business day a fact may be posted.
struct Days {
    time_zone: TimeZone,
    closed: Vec<NaiveDate>,
}

impl Days {
    async fn read(accounting: &Snapshot, time_zone: TimeZone) -> Result<Self, VerifyError> {
        let sql = "select period from periods where state = 'closed' order by period";
        let closed: Vec<(NaiveDate,)> = accounting.all("closed periods", sql).await?;
        Ok(Self {
            time_zone,
            closed: closed.into_iter().map(|(period,)| period).collect(),
        })
    }

    /// Its own, or, where that month was closed when it came in, the first day after a month that was closed by then.
    fn of(&self, at: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
        let natural = self.time_zone.date_of(at);
        let month = natural.with_day(1).unwrap_or(natural);
        let later = self
            .closed
            .iter()
            .filter(move |closed| **closed >= month)
            .filter_map(|closed| closed.checked_add_months(Months::new(1)));
        std::iter::once(natural).chain(later)
    }
}

async fn payables(snapshot: &Snapshot, sql: &str) -> Result<Payables, VerifyError> {
    let mut rows: Rows<(Option<Uuid>, String, String)> = snapshot.stream("payables", sql).await?;
    let mut found = Payables::new();
    while let Some((partner, currency, amount)) = rows.next().await? {
        let account = (partner.unwrap_or_default(), currency);
        found.insert(account, amount.parse().unwrap_or(i128::MAX));
    }
    Ok(found)
}

fn owed(check: &mut Check, wanted: &Payables, stands: &Payables, source: &str) {
    let none = 0;
    let mut accounts: Vec<_> = wanted.keys().chain(stands.keys()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        check.examined += 1;
        let wanted = wanted.get(account).unwrap_or(&none);
        let stands = stands.get(account).unwrap_or(&none);
        if wanted != stands {
            let (partner, currency) = account;
            check.found(
                vec![names::known(&format!("ptn:{partner}")), currency.clone()],
                format!("the books owe {stands}, {source} {wanted}"),
            );
        }
    }
}

/// Whether nothing is on its way between payments, lines and books: then both sides can be compared directly.
fn at_rest(checks: &[Check]) -> bool {
    let booked = [
        topics::PAYMENT_COMPLETED,
        topics::PAYMENT_REFUNDED,
        topics::DISPUTE_CHANGED,
        topics::SETTLEMENT_LINES_PRICED,
        topics::SETTLEMENT_COMPLETED,
    ]
    .map(|topic| format!("{}_booked", topic.name.replace('-', "_")));
    let priced = [
        "settlement_handled_payment_completed",
        "settlement_handled_payment_refunded",
        "settlement_handled_dispute_changed",
    ];
    checks
        .iter()
        .filter(|check| booked.contains(&check.name) || priced.contains(&check.name.as_str()))
        .all(|check| check.in_flight == 0 && check.waiting == 0)
}

/// What was told of an entry.
fn told(events: &[&Published]) -> Result<String, String> {
    let [event] = events else {
        return Err(format!("was told {} times", events.len()));
    };
    let entry: AccountingEntry = event.event()?;
    if event.occurred_at.timestamp_micros() != entry.recorded_at.timestamp_micros() {
        return Err(format!(
            "was recorded at {}, told at {}",
            entry.recorded_at, event.occurred_at
        ));
    }
    let lines: Vec<String> = entry
        .lines
        .iter()
        .map(|line| {
            let partner = line
                .partner_id
                .map_or_else(|| "-".to_owned(), |id| id.as_uuid().to_string());
            let side = match line.side {
                Side::Debit => "debit",
                Side::Credit => "credit",
            };
            format!(
                "{}/{partner}/{side}/{}/{}",
                line.account, line.amount_minor, line.currency
            )
        })
        .collect();
    Ok(format!(
        "book={} kind={} source={} posted_on={} recorded_at={} {}",
        entry.book,
        entry.kind,
        entry.source,
        entry.posted_on,
        entry.recorded_at.timestamp_micros(),
        lines.join(" ")
    ))
}
