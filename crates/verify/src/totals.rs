//! The reports' totals against the entries that they add up.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use contracts::Event as _;
use contracts::events::{AccountingEntry, Side};
use uuid::Uuid;

use crate::VerifyError;
use crate::compare::{States, agree};
use crate::databases::Databases;
use crate::names;
use crate::published::{Reach, Stories};
use crate::report::Check;
use crate::snapshot::Rows;

/// Whose totals: of all or of one partner; day or month, book, kind (empty by partner), account, currency.
type Key = (Option<Uuid>, NaiveDate, String, String, String, String);

/// Debit, credit, and how many entries have a line there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    debit: i128,
    credit: i128,
    entries: i64,
}

type Totals = HashMap<Key, Sums>;

/// Checks that totals are those of the entries handled.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let Databases {
        reporting,
        accounting,
        ..
    } = databases;
    let mut check = databases.check(
        "entries_reported",
        "every entry that reporting handled is in its sums once",
    );
    let mut expected = Totals::new();
    let states = States::of(reporting, "entries seen", include_str!("sql/reporting/seen.sql")).await?;
    let reach = Reach::of(reporting, AccountingEntry::TOPIC).await?;
    let stories = Stories::of(accounting, AccountingEntry::TOPIC, reach).await?;
    agree(&mut check, "jen", stories, states, |events| {
        let [event] = events else {
            return Err(format!("was told {} times", events.len()));
        };
        let entry: AccountingEntry = event.event()?;
        add(&mut expected, &entry);
        Ok(Some(format!("posted_on={}", entry.posted_on)))
    })
    .await?;
    check.done(&mut checks);

    let mut check = databases.check("report_totals", "totals are the sums of the entries handled");
    let sql = include_str!("sql/reporting/daily.sql");
    let mut rows: Rows<(NaiveDate, String, String, String, String, String, String, i64)> =
        reporting.stream("daily totals", sql).await?;
    while let Some((day, book, kind, account, currency, debit, credit, entries)) = rows.next().await? {
        let key = (None, day, book, kind, account, currency);
        compare(&mut check, &mut expected, key, &debit, &credit, entries);
    }
    let sql = include_str!("sql/reporting/partners.sql");
    let mut rows: Rows<(Uuid, NaiveDate, String, String, String, String, String, i64)> =
        reporting.stream("partners' totals", sql).await?;
    while let Some((partner, month, book, account, currency, debit, credit, entries)) = rows.next().await? {
        let key = (Some(partner), month, book, String::new(), account, currency);
        compare(&mut check, &mut expected, key, &debit, &credit, entries);
    }
    for (key, sums) in expected {
        check.found(name(&key), format!("is missing; the entries say {sums:?}"));
    }
    check.done(&mut checks);
    Ok(checks)
}

fn add(totals: &mut Totals, entry: &AccountingEntry) {
    let month = entry.posted_on.with_day(1).unwrap_or(entry.posted_on);
    let mut touched: Vec<Key> = Vec::new();
    for line in &entry.lines {
        let currency = line.currency.to_string();
        let daily = (
            None,
            entry.posted_on,
            entry.book.clone(),
            entry.kind.clone(),
            line.account.clone(),
            currency.clone(),
        );
        let by_partner = line.partner_id.map(|partner| {
            (
                Some(partner.as_uuid()),
                month,
                entry.book.clone(),
                String::new(),
                line.account.clone(),
                currency,
            )
        });
        for key in std::iter::once(daily).chain(by_partner) {
            let sums = totals.entry(key.clone()).or_default();
            match line.side {
                Side::Debit => sums.debit += i128::from(line.amount_minor),
                Side::Credit => sums.credit += i128::from(line.amount_minor),
            }
            if !touched.contains(&key) {
                sums.entries += 1;
                touched.push(key);
            }
        }
    }
}

fn compare(check: &mut Check, expected: &mut Totals, key: Key, debit: &str, credit: &str, entries: i64) {
    check.examined += 1;
    let stands = Sums {
        debit: debit.parse().unwrap_or(i128::MIN),
        credit: credit.parse().unwrap_or(i128::MIN),
        entries,
    };
    let wanted = expected.remove(&key).unwrap_or_default();
    if wanted != stands {
        check.found(
            name(&key),
            format!("the totals say {stands:?}, the entries {wanted:?}"),
        );
    }
}

fn name((partner, day, book, kind, account, currency): &Key) -> Vec<String> {
    let partner = partner.map(|partner| names::known(&format!("ptn:{partner}")));
    [partner, Some(day.to_string())]
        .into_iter()
        .flatten()
        .chain([book, kind, account, currency].map(String::clone))
        .filter(|part| !part.is_empty())
        .collect()
}
