//! The table `journal_lines`.

use ids::PartnerId;
use money::Currency;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use contracts::events::Side;

use crate::domain::{Entry, side_word};

use super::{currency, unreadable};

/// A line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineRow {
    /// Whose line it is.
    pub(crate) entry_id: Uuid,
    /// The account's code.
    pub(crate) account: String,
    /// The partner that it is about, if any.
    pub(crate) partner_id: Option<PartnerId>,
    /// Left or right.
    pub(crate) side: Side,
    /// Minor units, more than 0.
    pub(crate) amount_minor: i64,
    /// The amount's currency.
    pub(crate) currency: Currency,
}

/// Writes all lines of new entries, in one statement: the database refuses an entry that is not written whole.
pub(crate) async fn insert(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let lines = entries.iter().flat_map(|entry| {
        entry
            .fact
            .posting
            .entry
            .lines()
            .iter()
            .zip(1_i16..)
            .map(|(line, number)| (entry.id.as_uuid(), number, line))
    });
    let (mut ids, mut numbers, mut accounts, mut partners) = (vec![], vec![], vec![], vec![]);
    let (mut sides, mut amounts, mut currencies) = (vec![], vec![], vec![]);
    for (id, number, line) in lines {
        ids.push(id);
        numbers.push(number);
        accounts.push(line.account.code());
        partners.push(line.partner_id.map(PartnerId::as_uuid));
        sides.push(side_word(line.side));
        amounts.push(line.amount_minor);
        currencies.push(line.currency.as_str());
    }
    sqlx::query!(
        "insert into journal_lines (entry_id, line_number, account, partner_id, side, amount_minor, currency)
         select * from unnest($1::uuid[], $2::smallint[], $3::text[], $4::uuid[], $5::text[], $6::bigint[],
                              $7::text[])",
        &ids,
        &numbers,
        &accounts as &[&str],
        &partners as &[Option<Uuid>],
        &sides as &[&str],
        &amounts,
        &currencies as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The lines of these entries, entry by entry in the order of `ids` as they sort downwards, debits first.
pub(crate) async fn of(pool: &PgPool, entries: &[Uuid]) -> Result<Vec<LineRow>, sqlx::Error> {
    let rows = sqlx::query!(
        "select entry_id, account, partner_id, side, amount_minor, currency
           from journal_lines where entry_id = any($1) order by entry_id desc, line_number",
        entries
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LineRow {
                entry_id: row.entry_id,
                account: row.account,
                partner_id: row.partner_id.map(PartnerId::from_uuid),
                side: match row.side.as_str() {
                    "debit" => Side::Debit,
                    "credit" => Side::Credit,
                    other => return Err(unreadable("side", other)),
                },
                amount_minor: row.amount_minor,
                currency: currency(&row.currency)?,
            })
        })
        .collect()
}
