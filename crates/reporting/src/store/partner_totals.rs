//! The table `partner_totals`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use ids::PartnerId;
use money::Currency;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{currency as known, sums};
use crate::domain::{Months, PartnerKey, Sums};
use crate::error::Error;

/// Adds deltas in one statement, in the order of their keys, so that two writers wait for each other instead of
/// deadlocking.
pub(crate) async fn add(
    conn: &mut PgConnection,
    deltas: &BTreeMap<PartnerKey, Sums>,
) -> Result<(), sqlx::Error> {
    let partners: Vec<Uuid> = deltas.keys().map(|k| k.partner_id.as_uuid()).collect();
    let months: Vec<NaiveDate> = deltas.keys().map(|k| k.month).collect();
    let books: Vec<&str> = deltas.keys().map(|k| k.book.as_str()).collect();
    let accounts: Vec<&str> = deltas.keys().map(|k| k.account.as_str()).collect();
    let currencies: Vec<&str> = deltas.keys().map(|k| k.currency.as_str()).collect();
    let debits: Vec<String> = deltas.values().map(|s| s.debit.to_string()).collect();
    let credits: Vec<String> = deltas.values().map(|s| s.credit.to_string()).collect();
    let entries: Vec<i64> = deltas.values().map(|s| s.entries).collect();
    sqlx::query!(
        "insert into partner_totals as t
                (partner_id, month, book, account, currency, debit_minor, credit_minor, entry_count)
         select partner_id, month, book, account, currency, debit::numeric, credit::numeric, entries
           from unnest($1::uuid[], $2::date[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                       $8::bigint[]) with ordinality
                as delta (partner_id, month, book, account, currency, debit, credit, entries, place)
          order by place
             on conflict on constraint partner_totals_pk do update
                set debit_minor = t.debit_minor + excluded.debit_minor,
                    credit_minor = t.credit_minor + excluded.credit_minor,
                    entry_count = t.entry_count + excluded.entry_count",
        &partners,
        &months,
        &books as &[&str],
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

/// The sums of a partner; no months mean all that there are.
pub(crate) async fn of(
    reader: impl PgExecutor<'_>,
    partner: PartnerId,
    months: Option<Months>,
    currency: Option<Currency>,
) -> Result<Vec<(PartnerKey, Sums)>, Error> {
    sqlx::query!(
        r#"select month, book, account, currency,
                  debit_minor::text as "debit!", credit_minor::text as "credit!", entry_count
             from partner_totals
            where partner_id = $1
              and ($2::date is null or month between $2 and $3)
              and ($4::text is null or currency = $4)
            order by month, book, account, currency"#,
        partner.as_uuid(),
        months.map(|m| m.from),
        months.map(|m| m.to),
        currency.as_ref().map(Currency::as_str)
    )
    .fetch_all(reader)
    .await?
    .into_iter()
    .map(|row| {
        let key = PartnerKey {
            partner_id: partner,
            month: row.month,
            book: row.book,
            account: row.account,
            currency: known(&row.currency)?,
        };
        Ok((key, sums(&row.debit, &row.credit, row.entry_count)?))
    })
    .collect()
}
