//! The table `daily_totals`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use money::Currency;
use sqlx::{PgConnection, PgExecutor};

use super::{currency as known, sums};
use crate::domain::{DailyKey, Period, Sums};
use crate::error::Error;

/// Adds deltas in one statement, in the order of their keys, so that two writers wait for each other instead of
/// deadlocking.
pub(crate) async fn add(
    conn: &mut PgConnection,
    deltas: &BTreeMap<DailyKey, Sums>,
) -> Result<(), sqlx::Error> {
    let days: Vec<NaiveDate> = deltas.keys().map(|k| k.posted_on).collect();
    let books: Vec<&str> = deltas.keys().map(|k| k.book.as_str()).collect();
    let kinds: Vec<&str> = deltas.keys().map(|k| k.kind.as_str()).collect();
    let accounts: Vec<&str> = deltas.keys().map(|k| k.account.as_str()).collect();
    let currencies: Vec<&str> = deltas.keys().map(|k| k.currency.as_str()).collect();
    let debits: Vec<String> = deltas.values().map(|s| s.debit.to_string()).collect();
    let credits: Vec<String> = deltas.values().map(|s| s.credit.to_string()).collect();
    let entries: Vec<i64> = deltas.values().map(|s| s.entries).collect();
    sqlx::query!(
        "insert into daily_totals as t
                (posted_on, book, kind, account, currency, debit_minor, credit_minor, entry_count)
         select posted_on, book, kind, account, currency, debit::numeric, credit::numeric, entries
           from unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                       $8::bigint[]) with ordinality
                as delta (posted_on, book, kind, account, currency, debit, credit, entries, place)
          order by place
             on conflict on constraint daily_totals_pk do update
                set debit_minor = t.debit_minor + excluded.debit_minor,
                    credit_minor = t.credit_minor + excluded.credit_minor,
                    entry_count = t.entry_count + excluded.entry_count",
        &days,
        &books as &[&str],
        &kinds as &[&str],
        &accounts as &[&str],
        &currencies as &[&str],
        &debits,
        &credits,
        &entries
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The sums of those days.
pub(crate) async fn of(
    reader: impl PgExecutor<'_>,
    period: Period,
    currency: Option<Currency>,
) -> Result<Vec<(DailyKey, Sums)>, Error> {
    sqlx::query!(
        r#"select posted_on, book, kind, account, currency,
                  debit_minor::text as "debit!", credit_minor::text as "credit!", entry_count
             from daily_totals
            where posted_on between $1 and $2 and ($3::text is null or currency = $3)
            order by posted_on, book, kind, account, currency"#,
        period.from,
        period.to,
        currency.as_ref().map(Currency::as_str)
    )
    .fetch_all(reader)
    .await?
    .into_iter()
    .map(|row| {
        let key = DailyKey {
            posted_on: row.posted_on,
            book: row.book,
            kind: row.kind,
            account: row.account,
            currency: known(&row.currency)?,
        };
        Ok((key, sums(&row.debit, &row.credit, row.entry_count)?))
    })
    .collect()
}
