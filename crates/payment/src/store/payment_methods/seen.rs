//! Tokens that are seen in payments.

use chrono::{DateTime, Utc};
use contracts::events::TenderKind;
use ids::PaymentMethodId;
use sqlx::PgConnection;

use crate::domain::{ConnectorName, PaidBy, Payment, Route, Tender, Token};
use crate::store::payments::Columns;

/// Remembers the means by which `payment` is paid, where the connector knows them by a token, and shows in its tenders
/// those that were added. Returns the places of tenders whose means was detached: no new payment may use it.
pub async fn remember(
    conn: &mut PgConnection,
    payment: &mut Payment,
    now: DateTime<Utc>,
) -> Result<Vec<usize>, sqlx::Error> {
    let tokens: Vec<(&str, &str)> = payment
        .tenders
        .iter()
        .filter_map(|tender| Some((tender.kind.as_str(), tender.token.as_deref()?)))
        .collect();
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    let column = Columns(&tokens);
    let (kinds, texts) = (column.of(|(kind, _)| *kind), column.of(|(_, token)| *token));
    sqlx::query!(
        "insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
         select seen.payment_method_id, $1, $2, seen.kind, seen.token, $3
           from unnest($4::uuid[], $5::text[], $6::text[]) as seen (payment_method_id, kind, token)
          -- One order for all, so that two payments by the same means wait for each other and don't deadlock.
          order by seen.kind, seen.token
         on conflict on constraint payment_methods_token do nothing",
        payment.caller,
        payment.connector.as_str(),
        now,
        &column.of(|_| PaymentMethodId::generate().as_uuid()),
        &kinds as &[&str],
        &texts as &[&str]
    )
    .execute(&mut *conn)
    .await?;
    let added = sqlx::query!(
        r#"select m.payment_method_id, m.kind, m.token, m.brand, m.last_four, m.detached_at is not null as "is_detached!"
             from payment_methods m
             join unnest($3::text[], $4::text[]) as seen (kind, token) using (kind, token)
            where m.caller = $1 and m.connector = $2 and m.holder_reference is not null"#,
        payment.caller,
        payment.connector.as_str(),
        &kinds as &[&str],
        &texts as &[&str]
    )
    .fetch_all(conn)
    .await?;
    let mut detached = Vec::new();
    for (place, tender) in payment.tenders.iter_mut().enumerate() {
        let is_it = |kind: &str, token: &str| {
            kind == tender.kind.as_str() && tender.token.as_deref().is_some_and(|own| own == token)
        };
        let Some(row) = added.iter().find(|row| is_it(&row.kind, &row.token)) else {
            continue;
        };
        if row.is_detached {
            detached.push(place);
        }
        tender.paid_by = Some(PaidBy {
            id: PaymentMethodId::from_uuid(row.payment_method_id),
            brand: row.brand.clone(),
            last_four: row.last_four.clone(),
        });
    }
    Ok(detached)
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
        "insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
         select seen.payment_method_id, $1, seen.connector, seen.kind, seen.token, $2
           from unnest($3::uuid[], $4::text[], $5::text[], $6::text[])
                    as seen (payment_method_id, connector, kind, token)
          -- One order for all, as above: over the connectors too, whichever a payment is offered to first.
          order by seen.connector, seen.kind, seen.token
         on conflict on constraint payment_methods_token do nothing",
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
