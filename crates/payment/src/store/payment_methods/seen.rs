//! Tokens that are seen in payments.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use contracts::events::TenderKind;
use ids::PaymentMethodId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{ConnectorName, PaidBy, Payment, Route, Tender, Token};
use crate::store::payments::Columns;

/// What a connector knows a buyer's means by: caller, connector, kind and token.
pub(in crate::store) type Known = (String, &'static str, &'static str, String);

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

fn all_known(payments: &[Payment]) -> BTreeSet<Known> {
    payments
        .iter()
        .flat_map(|payment| payment.tenders.iter().filter_map(|tender| known(payment, tender)))
        .collect()
}

/// The means by which payments are to be paid, where their connectors know them by tokens: those that are stored, and those
/// that are to be added with the payments.
#[derive(Debug, Default)]
pub struct Means {
    ids: HashMap<Known, PaymentMethodId>,
    added: Vec<(PaymentMethodId, Known)>,
}

impl Means {
    /// Looks up those of `payments`, and shows in their tenders those that a caller added. Returns also the places of payments
    /// that are to be paid by what was detached: no new payment may be. Rows are found by their keys: `conn` is for that.
    pub async fn of_all(
        conn: &mut PgConnection,
        payments: &mut [Payment],
    ) -> Result<(Self, HashSet<usize>), sqlx::Error> {
        let seen: Vec<Known> = all_known(payments).into_iter().collect();
        let found = look_up(conn, &seen).await?;
        let detached = show(payments, &found).into_iter().map(|(place, _)| place);
        let mut means = Self::default();
        for known in seen {
            let id = found.get(&known).map(|found| found.paid_by.id);
            let id = id.unwrap_or_else(|| {
                let new = PaymentMethodId::generate();
                means.added.push((new, known.clone()));
                new
            });
            means.ids.insert(known, id);
        }
        Ok((means, detached.collect()))
    }

    /// That of a tender.
    pub(in crate::store) fn of(&self, payment: &Payment, tender: &Tender) -> Option<Uuid> {
        self.ids.get(&known(payment, tender)?).map(|id| id.as_uuid())
    }

    /// Those that are new, in the order of what they are known by.
    pub(in crate::store) fn added(&self) -> &[(PaymentMethodId, Known)] {
        &self.added
    }
}

/// Remembers the means by which `payment` is paid, where its connector knows them by tokens, and shows in its tenders those
/// that a caller added. Returns the places of tenders whose means was detached: no new payment may use it.
pub async fn remember(
    conn: &mut PgConnection,
    payment: &mut Payment,
    now: DateTime<Utc>,
) -> Result<Vec<usize>, sqlx::Error> {
    let payments = std::slice::from_mut(payment);
    let found = find_or_add(conn, all_known(payments), now).await?;
    let detached = show(payments, &found).into_iter().map(|(_, tender)| tender);
    Ok(detached.collect())
}

/// What is stored of `seen`, after what is new of it was stored.
async fn find_or_add(
    conn: &mut PgConnection,
    seen: BTreeSet<Known>,
    now: DateTime<Utc>,
) -> Result<HashMap<Known, Found>, sqlx::Error> {
    if seen.is_empty() {
        return Ok(HashMap::new());
    }
    let seen: Vec<Known> = seen.into_iter().collect();
    let found = look_up(conn, &seen).await?;
    if found.len() == seen.len() {
        return Ok(found);
    }
    add(conn, &seen, now).await?;
    look_up(conn, &seen).await
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
async fn add(conn: &mut PgConnection, seen: &[Known], now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let column = Columns(seen);
    sqlx::query!(
        r#"insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
         select seen.*, $1
           from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
                    as seen (payment_method_id, caller, connector, kind, token)
          -- One order for all, so that two payments by the same means wait for each other and don't deadlock.
          order by seen.caller collate "C", seen.connector collate "C", seen.kind collate "C", seen.token collate "C"
         on conflict on constraint payment_methods_token do nothing"#,
        now,
        &column.of(|_| PaymentMethodId::generate().as_uuid()),
        &column.of(|(caller, ..)| caller.as_str()) as &[&str],
        &column.of(|(_, connector, ..)| *connector) as &[&str],
        &column.of(|(_, _, kind, _)| *kind) as &[&str],
        &column.of(|(.., token)| token.as_str()) as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Shows in the tenders those that were added; returns those that were detached, each by the place of its payment and its own.
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
    let found = find_or_add(conn, all, now).await?;
    let is_detached = |known: &Known| found.get(known).is_some_and(|found| found.is_detached);
    let detached = seen.into_iter().filter(|(.., known)| is_detached(known));
    Ok(detached.map(|(place, connector, _)| (place, connector)).collect())
}
