//! The table `windows`.

use std::collections::HashMap;

use calendar::{TimeZone, Window};
use chrono::{DateTime, NaiveDate, Utc};
use ids::{PartnerId, WindowId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{account, columns, unreadable};
use crate::Error;
use crate::domain::contract::Account;
use crate::domain::window::{WindowKey, WindowState};

/// A window that has no statement yet.
#[derive(Debug, Clone)]
pub struct Unsettled {
    /// The window.
    pub id: WindowId,
    /// Whose it is.
    pub account: Account,
    /// Its days.
    pub days: Window,
    /// Where its days begin and end.
    pub time_zone: TimeZone,
}

/// The ids of these windows, all distinct, making those that are missing. The caller holds their balances for share.
pub async fn ensure(
    conn: &mut PgConnection,
    keys: &[WindowKey],
    now: DateTime<Utc>,
) -> Result<HashMap<WindowKey, WindowId>, Error> {
    let mut found = find(&mut *conn, keys).await?;
    if found.len() < keys.len() {
        let missing: Vec<WindowKey> = keys.iter().filter(|k| !found.contains_key(k)).copied().collect();
        insert(&mut *conn, &missing, now).await?;
        // Another transaction may have made some of them: theirs count.
        found.extend(find(conn, &missing).await?);
    }
    Ok(found)
}

async fn find(conn: &mut PgConnection, keys: &[WindowKey]) -> Result<HashMap<WindowKey, WindowId>, Error> {
    let (partners, currencies) = columns(keys.iter().map(|k| &k.account));
    let firsts: Vec<NaiveDate> = keys.iter().map(|k| k.days.starts_on).collect();
    let lasts: Vec<NaiveDate> = keys.iter().map(|k| k.days.ends_on).collect();
    let zones: Vec<&str> = keys.iter().map(|k| k.time_zone.name()).collect();
    let rows = sqlx::query!(
        r#"select f.place as "place!", w.id
             from unnest($1::uuid[], $2::text[], $3::date[], $4::date[], $5::text[]) with ordinality
               as f (partner_id, currency, starts_on, ends_on, time_zone, place)
             join windows w on w.partner_id = f.partner_id and w.currency = f.currency
                           and w.starts_on = f.starts_on and w.ends_on = f.ends_on
                           and w.time_zone = f.time_zone"#,
        &partners,
        &currencies as &[&str],
        &firsts,
        &lasts,
        &zones as &[&str]
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let place = usize::try_from(row.place).ok()?.checked_sub(1)?;
            Some((*keys.get(place)?, WindowId::from_uuid(row.id)))
        })
        .collect())
}

async fn insert(conn: &mut PgConnection, keys: &[WindowKey], now: DateTime<Utc>) -> Result<(), Error> {
    // One order for all, so that two transactions that need the same new windows wait and don't deadlock.
    let mut keys = keys.to_vec();
    keys.sort_unstable_by_key(|k| (k.account, k.days, k.time_zone.name()));
    let ids: Vec<Uuid> = keys.iter().map(|_| WindowId::generate().as_uuid()).collect();
    let (partners, currencies) = columns(keys.iter().map(|k| &k.account));
    let firsts: Vec<NaiveDate> = keys.iter().map(|k| k.days.starts_on).collect();
    let lasts: Vec<NaiveDate> = keys.iter().map(|k| k.days.ends_on).collect();
    let zones: Vec<&str> = keys.iter().map(|k| k.time_zone.name()).collect();
    let ends: Vec<DateTime<Utc>> = keys.iter().map(WindowKey::ends_at).collect();
    sqlx::query!(
        "insert into windows (id, partner_id, currency, starts_on, ends_on, time_zone, ends_at, created_at)
         select f.*, $8
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::date[], $6::text[], $7::timestamptz[]) as f
         on conflict on constraint windows_one_a_span do nothing",
        &ids,
        &partners,
        &currencies as &[&str],
        &firsts,
        &lasts,
        &zones as &[&str],
        &ends,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which windows are to be requested.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// Of this partner only.
    pub partner_id: Option<PartnerId>,
    /// With this last day or an earlier one.
    pub up_to: Option<NaiveDate>,
    /// At most so many, the earliest first; all where none is given.
    pub limit: Option<i64>,
}

/// Marks windows as requested that have ended, and existed, by `by`; not those of accounts whose waiting lines or
/// reversals are being priced, since some of their lines may be still to come. Copies that do this at once share them out.
pub async fn request_ended(
    conn: &mut PgConnection,
    wanted: &Ended,
    by: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<WindowId>, sqlx::Error> {
    let rows = sqlx::query_scalar!(
        r#"with due as (
               select id, ends_at from windows
                where state = 'open' and ends_at <= $1 and created_at <= $1
                  and ($2::uuid is null or partner_id = $2) and ($3::date is null or ends_on <= $3)
                  and not exists (select from pricing_requests r
                                    join waiting_lines w on w.partner_id = r.partner_id and w.currency = r.currency
                                   where r.partner_id = windows.partner_id and r.currency = windows.currency
                                     and w.problem is null)
                  and not exists (select from pricing_requests r
                                    join waiting_reversals w
                                      on w.partner_id = r.partner_id and w.currency = r.currency
                                   where r.partner_id = windows.partner_id and r.currency = windows.currency
                                     and w.problem is null)
                order by ends_at, id
                limit $4
                  for update skip locked),
           done as (
               update windows w set state = $6, requested_at = $5
                 from due where w.id = due.id and w.state = 'open'
               returning w.id, w.ends_at)
           select id from done order by ends_at, id"#,
        by,
        wanted.partner_id.map(PartnerId::as_uuid),
        wanted.up_to,
        wanted.limit,
        now,
        WindowState::Requested.as_str()
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(WindowId::from_uuid).collect())
}

/// Of the accounts of `windows`: every window without a statement that ends when the last of `windows` does, or
/// earlier, in the order of their ends. The caller holds the accounts' balances for update.
pub async fn up_to(conn: &mut PgConnection, windows: &[WindowId]) -> Result<Vec<Unsettled>, Error> {
    let ids: Vec<Uuid> = windows.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query!(
        "select w.id, w.partner_id, w.currency, w.starts_on, w.ends_on, w.time_zone
           from windows w
           join (select r.partner_id, r.currency, max(r.ends_at) as ends_at
                   from windows r where r.id = any($1) and r.state <> 'settled'
                  group by r.partner_id, r.currency) as last
             on w.partner_id = last.partner_id and w.currency = last.currency and w.ends_at <= last.ends_at
          where w.state <> 'settled'
          order by w.partner_id, w.currency, w.ends_at, w.starts_on, w.id",
        &ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Unsettled {
                id: WindowId::from_uuid(row.id),
                account: account(row.partner_id, &row.currency)?,
                days: Window {
                    starts_on: row.starts_on,
                    ends_on: row.ends_on,
                },
                time_zone: TimeZone::parse(&row.time_zone).map_err(|e| unreadable("a window", &e))?,
            })
        })
        .collect()
}

/// Marks these windows as settled.
pub async fn settle(
    conn: &mut PgConnection,
    windows: &[WindowId],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = windows.iter().map(|id| id.as_uuid()).collect();
    sqlx::query!(
        "update windows set state = $2, settled_at = $3 where id = any($1) and state = any($4)",
        &ids,
        WindowState::Settled.as_str(),
        now,
        &WindowState::Settled.predecessors() as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}
