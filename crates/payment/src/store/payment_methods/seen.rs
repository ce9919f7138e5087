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
    let token = tender.token.as_deref()?.to_owned();
    let (caller, connector) = (payment.caller.clone(), payment.connector.as_str());
    Some((caller, connector, tender.kind.as_str(), token))
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
    // One order for all, so that two payments by the same means wait for each other and don't deadlock.
    let seen: BTreeSet<Known> = payments
        .iter()
        .flat_map(|payment| payment.tenders.iter().filter_map(|tender| known(payment, tender)))
        .collect();
    if seen.is_empty() {
        return Ok(Remembered::default());
    }
    let seen: Vec<Known> = seen.into_iter().collect();
    let mut found = look_up(conn, &seen).await?;
    let mut added = Vec::new();
    if found.len() < seen.len() {
        added = add(conn, &seen, now).await?;
        found = look_up(conn, &seen).await?;
    }
    let detached = show(payments, &found);
    Ok(Remembered { detached, added })
}

/// What is stored of a buyer's means.
struct Found {
    paid_by: PaidBy,
    /// Whether a caller added it. One that was only seen in payments is nobody's, and is not shown.
    is_added: bool,
    is_detached: bool,
}

async fn look_up<'a>(
    conn: &mut PgConnection,
    seen: &'a [Known],
) -> Result<HashMap<&'a Known, Found>, sqlx::Error> {
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
            seen.get(place)?,
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
          -- One order for all, of bytes as above.
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
fn show(payments: &mut [Payment], found: &HashMap<&Known, Found>) -> Vec<(usize, usize)> {
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
            tenders.map(|(place, (tender, token))| (place, candidate.connector, tender.kind, token))
        })
        .collect();
    let column = Columns(&seen);
    let connectors = column.of(|(_, connector, ..)| connector.as_str());
    let kinds = column.of(|(_, _, kind, _)| kind.as_str());
    let tokens = column.of(|(.., token)| &***token);
    sqlx::query!(
        r#"insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
         select seen.payment_method_id, $1, seen.connector, seen.kind, seen.token, $2
           from unnest($3::uuid[], $4::text[], $5::text[], $6::text[])
                    as seen (payment_method_id, connector, kind, token)
          -- One order for all, as above: over the connectors too, whichever a payment is offered to first.
          order by seen.connector collate "C", seen.kind collate "C", seen.token collate "C"
         on conflict on constraint payment_methods_token do nothing"#,
        caller,
        now,
        &column.of(|_| PaymentMethodId::generate().as_uuid()),
        &connectors as &[&str],
        &kinds as &[&str],
        &tokens as &[&str]
    )
    .execute(&mut *conn)
    .await?;
    let detached = sqlx::query!(
        "select m.connector, m.kind, m.token
           from payment_methods m
           join unnest($2::text[], $3::text[], $4::text[]) as seen (connector, kind, token)
                using (connector, kind, token)
          where m.caller = $1 and m.detached_at is not null",
        caller,
        &connectors as &[&str],
        &kinds as &[&str],
        &tokens as &[&str]
    )
    .fetch_all(conn)
    .await?;
    let is_detached = |connector: ConnectorName, kind: TenderKind, token: &Token| {
        let is_it = |(of, as_kind, name): (&str, &str, &str)| {
            of == connector.as_str() && as_kind == kind.as_str() && name == &**token
        };
        detached
            .iter()
            .any(|row| is_it((&row.connector, &row.kind, &row.token)))
    };
    Ok(seen
        .iter()
        .filter(|(_, connector, kind, token)| is_detached(*connector, *kind, token))
        .map(|(place, connector, ..)| (*place, *connector))
        .collect())
}
