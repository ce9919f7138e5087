//! The table `breaks`: payments that captured more or less than their lines owe, or of which disputes took more than they
//! have left.

use chrono::{DateTime, Utc};
use ids::{JournalEntryId, PaymentId};
use money::Currency;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use crate::domain::{BreakState, DifferenceKind, Entry};

use super::{currency, unreadable};

/// A break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BreakRow {
    /// The entry that put the amount into suspense.
    pub(crate) entry_id: JournalEntryId,
    /// The payment.
    pub(crate) payment_id: PaymentId,
    /// Over or short.
    pub(crate) kind: DifferenceKind,
    /// By how much, minor units.
    pub(crate) amount_minor: i64,
    /// What refunds gave back of that, minor units.
    pub(crate) repaid_minor: i64,
    /// The payment's currency.
    pub(crate) currency: Currency,
    /// Open, or resolved: by hand, since refunds gave all of it back, or since the dispute ended well.
    pub(crate) state: BreakState,
    /// When it was found.
    pub(crate) found_at: DateTime<Utc>,
}

/// Writes the breaks of new entries, if there are any.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    entries: &[Entry],
    found_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let found = entries
        .iter()
        .filter_map(|entry| Some((entry.id.as_uuid(), entry.fact.posting.difference?)));
    let (mut ids, mut payments, mut kinds, mut amounts, mut currencies) =
        (vec![], vec![], vec![], vec![], vec![]);
    for (id, difference) in found {
        ids.push(id);
        payments.push(difference.payment_id.as_uuid());
        kinds.push(difference.kind.as_str());
        amounts.push(difference.amount_minor);
        currencies.push(difference.currency.as_str());
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into breaks (entry_id, payment_id, kind, amount_minor, currency, found_at)
         select entry_id, payment_id, kind, amount_minor, currency, $6
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[])
             as fresh (entry_id, payment_id, kind, amount_minor, currency)",
        &ids,
        &payments,
        &kinds as &[&str],
        &amounts,
        &currencies as &[&str],
        found_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many breaks of each kind are open.
pub(crate) async fn count_open(pool: &PgPool) -> Result<Vec<(DifferenceKind, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select kind, count(*) as "count!"
             from breaks b
            where state = 'open'
              and (kind <> 'over'
                   or amount_minor is distinct from (select sum(r.amount_minor) from break_repayments r
                                                      where r.payment_id = b.payment_id))
            group by kind"#
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| Ok((kind(&row.kind)?, row.count)))
        .collect()
}

/// The newest breaks, of one kind and state where those are given, before `before` where that is given.
pub(crate) async fn list(
    reader: impl PgExecutor<'_>,
    of: Option<DifferenceKind>,
    state: Option<BreakState>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<BreakRow>, sqlx::Error> {
    let rows = sqlx::query_file!(
        "src/store/list_breaks.sql",
        of.map(DifferenceKind::as_str),
        state.map(BreakState::as_str),
        before,
        limit
    )
    .fetch_all(reader)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(BreakRow {
                entry_id: JournalEntryId::from_uuid(row.entry_id),
                payment_id: PaymentId::from_uuid(row.payment_id),
                kind: kind(&row.kind)?,
                amount_minor: row.amount_minor,
                repaid_minor: row.repaid,
                currency: currency(&row.currency)?,
                state: match row.state.as_str() {
                    "open" => BreakState::Open,
                    "resolved" => BreakState::Resolved,
                    other => return Err(unreadable("state of a break", other)),
                },
                found_at: row.found_at,
            })
        })
        .collect()
}

fn kind(word: &str) -> Result<DifferenceKind, sqlx::Error> {
    DifferenceKind::parse(word).ok_or_else(|| unreadable("kind of a break", word))
}
