//! The table `journal_entries`.

use chrono::{DateTime, NaiveDate, Utc};
use ids::{JournalEntryId, PartnerId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::Entry;

/// An entry without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryRow {
    /// The entry.
    pub(crate) id: Uuid,
    /// Its set of books.
    pub(crate) book: String,
    /// The topic of the event that it books.
    pub(crate) source_topic: String,
    /// What that event tells of.
    pub(crate) source_aggregate: String,
    /// That event's number.
    pub(crate) source_number: i64,
    /// Its business day.
    pub(crate) posted_on: NaiveDate,
    /// When the fact happened.
    pub(crate) occurred_at: DateTime<Utc>,
    /// When it was written.
    pub(crate) recorded_at: DateTime<Utc>,
}

/// Which entries a list shows; what is none does not matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct EntryFilter<'a> {
    /// What the source event tells of: a payment's or a settlement's id.
    pub(crate) source: Option<&'a str>,
    /// A partner of one of its lines.
    pub(crate) partner_id: Option<PartnerId>,
    /// The account of one of its lines; with a partner, of the same line.
    pub(crate) account: Option<&'a str>,
}

/// Writes entries whose source was not booked before and returns their ids.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    book: &str,
    recorded_at: DateTime<Utc>,
    entries: &[Entry],
) -> Result<Vec<JournalEntryId>, sqlx::Error> {
    let ids: Vec<Uuid> = entries.iter().map(|e| e.id.as_uuid()).collect();
    let topics: Vec<&str> = entries.iter().map(|e| e.fact.source.topic).collect();
    let aggregates: Vec<&str> = entries.iter().map(|e| e.fact.source.aggregate.as_str()).collect();
    let numbers: Vec<i64> = entries.iter().map(|e| e.fact.source.number).collect();
    let days: Vec<NaiveDate> = entries.iter().map(|e| e.posted_on).collect();
    let times: Vec<DateTime<Utc>> = entries.iter().map(|e| e.fact.happened_at).collect();
    // In the order of the sources, so that two batches with the same sources wait for each other and don't
    // deadlock.
    let written = sqlx::query_scalar!(
        "insert into journal_entries
            (id, book, source_topic, source_aggregate, source_number, posted_on, occurred_at, recorded_at)
         select id, $1, topic, aggregate, number, posted_on, occurred_at, $2
           from unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::date[], $8::timestamptz[])
             as fresh (id, topic, aggregate, number, posted_on, occurred_at)
          order by aggregate, topic, number
         on conflict on constraint journal_entries_source_once do nothing
         returning id",
        book,
        recorded_at,
        &ids,
        &topics as &[&str],
        &aggregates as &[&str],
        &numbers,
        &days,
        &times
    )
    .fetch_all(conn)
    .await?;
    Ok(written.into_iter().map(JournalEntryId::from_uuid).collect())
}

/// The newest entries of a list, before `before` where that is given. Each kind of filter has a statement of its
/// own, since each has an index of its own.
pub(crate) async fn list(
    pool: &PgPool,
    filter: &EntryFilter<'_>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<EntryRow>, sqlx::Error> {
    let partner_id = filter.partner_id.map(PartnerId::as_uuid);
    let ids = match (filter.source, partner_id, filter.account) {
        (Some(source), ..) => {
            sqlx::query_scalar!(
                r#"select e.id from journal_entries e
                    where e.source_aggregate = $1 and ($2::uuid is null or e.id < $2)
                      and (($3::uuid is null and $4::text is null)
                           or exists (select from journal_lines l
                                       where l.entry_id = e.id and ($3::uuid is null or l.partner_id = $3)
                                         and ($4::text is null or l.account = $4)))
                    order by e.id desc limit $5"#,
                source,
                before,
                partner_id,
                filter.account,
                limit
            )
            .fetch_all(pool)
            .await?
        }
        (None, Some(partner_id), account) => {
            sqlx::query_scalar!(
                "select distinct entry_id from journal_lines
                  where partner_id = $1 and ($2::uuid is null or entry_id < $2)
                    and ($3::text is null or account = $3)
                  order by entry_id desc limit $4",
                partner_id,
                before,
                account,
                limit
            )
            .fetch_all(pool)
            .await?
        }
        (None, None, Some(account)) => {
            sqlx::query_scalar!(
                "select distinct entry_id from journal_lines
                  where account = $1 and ($2::uuid is null or entry_id < $2)
                  order by entry_id desc limit $3",
                account,
                before,
                limit
            )
            .fetch_all(pool)
            .await?
        }
        (None, None, None) => sqlx::query_scalar!(
            "select id from journal_entries where ($1::uuid is null or id < $1) order by id desc limit $2",
            before,
            limit
        )
        .fetch_all(pool)
        .await?,
    };
    by_ids(pool, &ids).await
}

/// These entries, newest first.
pub(crate) async fn by_ids(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<EntryRow>, sqlx::Error> {
    sqlx::query_as!(
        EntryRow,
        "select id, book, source_topic, source_aggregate, source_number, posted_on, occurred_at, recorded_at
           from journal_entries where id = any($1) order by id desc",
        ids
    )
    .fetch_all(pool)
    .await
}
