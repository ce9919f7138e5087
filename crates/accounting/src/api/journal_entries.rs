//! Journal entries.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State as FromState;
use chrono::{DateTime, NaiveDate, Utc};
use contracts::events::Side;
use ids::{JournalEntryId, PartnerId};
use money::Currency;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Page, PageParams, Path, Problem, Query, Reader, page};

use crate::Error;
use crate::store::journal_entries::{self, EntryFilter, EntryRow};
use crate::store::journal_lines::{self, LineRow};

use super::State;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// The payment or settlement that they book: `pay_...`, `stl_...`.
    source: Option<String>,
    /// A partner of one of their lines.
    partner_id: Option<PartnerId>,
    /// The code of an account of one of their lines; with `partner_id`, of the same line.
    account: Option<String>,
}

/// The filter, as a cursor carries it.
#[derive(Debug, Serialize, Deserialize)]
struct Filter {
    source: Option<String>,
    partner_id: Option<PartnerId>,
    account: Option<String>,
}

/// A journal entry (전표). Its debits equal its credits in every currency, and it never changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JournalEntry {
    /// The entry.
    id: JournalEntryId,
    /// Its set of books.
    #[schema(example = "main")]
    book: String,
    /// The topic of the event that it books.
    #[schema(example = "payment-completed")]
    kind: String,
    /// The payment or settlement that the event tells of.
    source: String,
    /// The event's number on its topic for that source.
    source_number: i64,
    /// The business day to which it is posted.
    posted_on: NaiveDate,
    /// When the fact happened.
    occurred_at: DateTime<Utc>,
    /// When the entry was written.
    recorded_at: DateTime<Utc>,
    /// Two lines or more, debits first.
    lines: Vec<JournalLine>,
}

/// A line of a journal entry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JournalLine {
    /// The account's code.
    account: String,
    /// The partner that the line is about, if it is about one.
    partner_id: Option<PartnerId>,
    /// Debit or credit.
    side: Side,
    /// Minor units, more than 0.
    amount_minor: i64,
    /// The amount's currency.
    currency: Currency,
}

/// Lists journal entries, newest first.
#[utoipa::path(
    get,
    path = "/v1/journal-entries",
    tag = "accounting",
    params(Params),
    responses(
        (status = 200, description = "A page of entries", body = Page<JournalEntry>),
        (status = 400, description = "A parameter or the cursor has the wrong form", body = Problem),
        (status = 422, description = "A parameter is out of range", body = Problem),
    )
)]
pub(crate) async fn list(
    FromState(state): FromState<State>,
    _: Reader,
    Query(params): Query<Params>,
) -> Result<Json<Page<JournalEntry>>, Problem> {
    let paging = PageParams {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = paging.limit()?;
    let (before, filter) = paging.start(Filter {
        source: params.source,
        partner_id: params.partner_id,
        account: params.account,
    })?;
    let wanted = EntryFilter {
        source: filter.source.as_deref(),
        partner_id: filter.partner_id,
        account: filter.account.as_deref(),
    };
    let pool = state.outbox.db().pool();
    let rows = journal_entries::list(pool, &wanted, before, i64::from(limit) + 1)
        .await
        .map_err(Error::from)?;
    Ok(Json(page(
        with_lines(pool, rows).await?,
        limit,
        filter,
        |(row, _)| row.id,
        |(row, lines)| view(row, lines),
    )))
}

/// Shows one journal entry.
#[utoipa::path(
    get,
    path = "/v1/journal-entries/{id}",
    tag = "accounting",
    params(("id" = JournalEntryId, Path, description = "The entry")),
    responses(
        (status = 200, description = "The entry", body = JournalEntry),
        (status = 404, description = "There is no such entry", body = Problem),
    )
)]
pub(crate) async fn get(
    FromState(state): FromState<State>,
    _: Reader,
    Path(id): Path<JournalEntryId>,
) -> Result<Json<JournalEntry>, Problem> {
    let pool = state.outbox.db().pool();
    let rows = journal_entries::by_ids(pool, &[id.as_uuid()])
        .await
        .map_err(Error::from)?;
    let (row, lines) = with_lines(pool, rows)
        .await?
        .pop()
        .ok_or(Error::NoSuchEntry(id))?;
    Ok(Json(view(row, lines)))
}

async fn with_lines(pool: &PgPool, entries: Vec<EntryRow>) -> Result<Vec<(EntryRow, Vec<LineRow>)>, Error> {
    let ids: Vec<Uuid> = entries.iter().map(|row| row.id).collect();
    let mut lines: HashMap<Uuid, Vec<LineRow>> = HashMap::new();
    for line in journal_lines::of(pool, &ids).await? {
        lines.entry(line.entry_id).or_default().push(line);
    }
    let pairs = entries.into_iter().map(|row| {
        let own = lines.remove(&row.id).unwrap_or_default();
        (row, own)
    });
    Ok(pairs.collect())
}

fn view(row: EntryRow, lines: Vec<LineRow>) -> JournalEntry {
    JournalEntry {
        id: JournalEntryId::from_uuid(row.id),
        book: row.book,
        kind: row.source_topic,
        source: row.source_aggregate,
        source_number: row.source_number,
        posted_on: row.posted_on,
        occurred_at: row.occurred_at,
        recorded_at: row.recorded_at,
        lines: lines
            .into_iter()
            .map(|line| JournalLine {
                account: line.account,
                partner_id: line.partner_id,
                side: line.side,
                amount_minor: line.amount_minor,
                currency: line.currency,
            })
            .collect(),
    }
}
