//! Tokens that are seen in payments.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use contracts::events::TenderKind;
use ids::PaymentMethodId;
use sqlx::PgConnection;

use crate::domain::{ConnectorName, PaidBy, Payment, Route, Tender, Token};
use crate::store::payments::Columns;

/// What a connector knows a buyer's means by: caller, connector, kind and token.
type Known = (String, &'static str, &'static str, String);

fn known(payment: &Payment, tender: &Tender) -> Option<Known> {
    let token = tender.token.as_ref()?;
    Some(known_as(&payment.caller, payment.connector, tender.kind, token))
}

fn known_as(caller: &str, connector: ConnectorName, kind: TenderKind, token: &Token) -> Known {
    (
        caller.to_owned(),
        connector.as_str(),
        kind.as_str(),
        (**token).to_owned(),
    )
}

/// What came of remembering means.
#[derive(Debug, Default)]
pub struct Remembered {
    /// Tenders whose means was detached, each by the place of its payment and its own: no new payment may use it.
    pub detached: Vec<(usize, usize)>,
    /// Means that are new; see [`forget_unused`].
    pub added: Vec<PaymentMethodId>,
}

/// Remembers the means by which `payments` are paid, where their connectors know them by tokens, and shows in their
/// tenders those that a caller added.
pub async fn remember(
    conn: &mut PgConnection,
    payments: &mut [Payment],
    now: DateTime<Utc>,
) -> Result<Remembered, sqlx::Error> {
    let seen = payments
        .iter()
        .flat_map(|payment| payment.tenders.iter().filter_map(|tender| known(payment, tender)));
    let (found, added) = find_or_add(conn, seen.collect(), now).await?;
    let detached = show(payments, &found);
    Ok(Remembered { detached, added })
}

/// What is stored of `seen`, and which of it is new.
async fn find_or_add(
    conn: &mut PgConnection,
    seen: BTreeSet<Known>,
    now: DateTime<Utc>,
) -> Result<(HashMap<Known, Found>, Vec<PaymentMethodId>), sqlx::Error> {
    if seen.is_empty() {
        return Ok((HashMap::new(), Vec::new()));
    }
    let seen: Vec<Known> = seen.into_iter().collect();
    let found = look_up(conn, &seen).await?;
    if found.len() == seen.len() {
        return Ok((found, Vec::new()));
    }
    let added = add(conn, &seen, now).await?;
    Ok((look_up(conn, &seen).await?, added))
}

/// What is stored of a buyer's means.
struct Found {
    paid_by: PaidBy,
    /// Whether a caller added it. One that was only seen in payments is nobody's, and is not shown.
    is_added: bool,
    is_detached: bool,
}

async fn look_up(conn: &mut PgConnection, seen: &[Known]) -> Result<HashMap<Known, Found>, sqlx::Error> {
    let column = Columns(seen);
    let rows = sqlx::query!(
        r#"select seen.place as "place!", m.payment_method_id, m.brand, m.last_four,
                  m.holder_reference is not null as "is_added!", m.detached_at is not null as "is_detached!"
             from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality
                      as seen (caller, connector, kind, token, place)
             join payment_methods m using (caller, connector, kind, token)"#,
        &column.of(|(caller, ..)| caller.as_str()) as &[&str],
        &column.of(|(_, connector, ..)| *connector) as &[&str],
        &column.of(|(_, _, kind, _)| *kind) as &[&str],
        &column.of(|(.., token)| token.as_str()) as &[&str]
    )
    .fetch_all(conn)
    .await?;
    let found = rows.into_iter().filter_map(|row| {
        let place = usize::try_from(row.place).ok()?.checked_sub(1)?;
        let paid_by = PaidBy {
            id: PaymentMethodId::from_uuid(row.payment_method_id),
            brand: row.brand,
            last_four: row.last_four,
        };
        let (is_added, is_detached) = (row.is_added, row.is_detached);
        Some((
            seen.get(place)?.clone(),
            Found {
                paid_by,
                is_added,
                is_detached,
            },
        ))
    });
    Ok(found.collect())
}

/// Stores those that are new.
async fn add(
    conn: &mut PgConnection,
    seen: &[Known],
    now: DateTime<Utc>,
) -> Result<Vec<PaymentMethodId>, sqlx::Error> {
    let column = Columns(seen);
    let added = sqlx::query_scalar!(
        r#"insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
         select seen.*, $1
           from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
                    as seen (payment_method_id, caller, connector, kind, token)
          -- One order for all, so that two payments by the same means wait for each other and don't deadlock.
          order by seen.caller collate "C", seen.connector collate "C", seen.kind collate "C", seen.token collate "C"
         on conflict on constraint payment_methods_token do nothing
         returning payment_method_id"#,
        now,
        &column.of(|_| PaymentMethodId::generate().as_uuid()),
        &column.of(|(caller, ..)| caller.as_str()) as &[&str],
        &column.of(|(_, connector, ..)| *connector) as &[&str],
        &column.of(|(_, _, kind, _)| *kind) as &[&str],
        &column.of(|(.., token)| token.as_str()) as &[&str]
    )
    .fetch_all(conn)
    .await?;
    Ok(added.into_iter().map(PaymentMethodId::from_uuid).collect())
}

/// Forgets those of `added`, which are new in this transaction, that no tender is paid by: the payments that were to use
/// them are left out.
pub async fn forget_unused(conn: &mut PgConnection, added: &[PaymentMethodId]) -> Result<(), sqlx::Error> {
    if added.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "delete from payment_methods m
          where m.payment_method_id = any($1)
            and not exists (select from tenders t where t.payment_method_id = m.payment_method_id)",
        &Columns(added).of(|id| id.as_uuid())
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Shows in the tenders those that were added; returns the places of those that were detached.
fn show(payments: &mut [Payment], found: &HashMap<Known, Found>) -> Vec<(usize, usize)> {
    let mut detached = Vec::new();
    if !found.values().any(|found| found.is_added) {
        return detached;
    }
    for (place, payment) in payments.iter_mut().enumerate() {
        for number in 0..payment.tenders.len() {
            let known = payment
                .tenders
                .get(number)
                .and_then(|tender| known(payment, tender));
            let found = known
                .and_then(|known| found.get(&known))
                .filter(|found| found.is_added);
            let Some((found, tender)) = found.zip(payment.tenders.get_mut(number)) else {
                continue;
            };
            tender.paid_by = Some(found.paid_by.clone());
            if found.is_detached {
                detached.push((place, number));
            }
        }
    }
    detached
}

/// Remembers all means by which a payment of these tenders may be paid, whoever is asked for it. Returns the places of
/// tenders whose means was detached, with its connector: no new payment may use it.
pub async fn remember_route(
    conn: &mut PgConnection,
    caller: &str,
    tenders: &[Tender],
    route: &Route,
    now: DateTime<Utc>,
) -> Result<Vec<(usize, ConnectorName)>, sqlx::Error> {
    let seen: Vec<_> = route
        .candidates
        .iter()
        .flat_map(|candidate| {
            let tenders = tenders.iter().zip(&candidate.tokens).enumerate();
            tenders.map(|(place, (tender, token))| {
                let known = known_as(caller, candidate.connector, tender.kind, token);
                (place, candidate.connector, known)
            })
        })
        .collect();
    let all = seen.iter().map(|(.., known)| known.clone()).collect();
    let (found, _) = find_or_add(conn, all, now).await?;
    let is_detached = |known: &Known| found.get(known).is_some_and(|found| found.is_detached);
    let detached = seen.into_iter().filter(|(.., known)| is_detached(known));
    Ok(detached.map(|(place, connector, _)| (place, connector)).collect())
}
