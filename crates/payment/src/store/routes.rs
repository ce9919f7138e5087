//! The tables `payment_routes` and `payment_route_means`: who may be asked to take a payment, in which order, and what
//! each knows the buyer's means by.

use ids::PaymentId;
use sqlx::PgConnection;

use super::payments::Columns;
use super::word;
use crate::domain::{Candidate, ConnectorName, Payment, Route};

/// Writes the route of a payment that was just written, and at its first operation who is asked for it. The means were
/// remembered before; false where one was not.
pub async fn insert(conn: &mut PgConnection, payment: &Payment, route: &Route) -> Result<bool, sqlx::Error> {
    let places: Vec<(i32, &Candidate)> = (1_i32..).zip(&route.candidates).collect();
    let means: Vec<_> = places
        .iter()
        .flat_map(|(place, candidate)| {
            let tenders = payment.tenders.iter().zip(&candidate.tokens);
            tenders.map(move |(tender, token)| (*place, candidate.connector, tender, token))
        })
        .collect();
    let (places, rows) = (Columns(&places), Columns(&means));
    let written = sqlx::query_scalar!(
        r#"with route as (
               insert into payment_routes (payment_id, place, connector, routing_version, rule_number)
               select $1, r.place, r.connector, $2, $3 from unnest($4::int[], $5::text[]) as r (place, connector)
           ), means as (
               insert into payment_route_means (payment_id, place, tender_number, payment_method_id)
               select $1, s.place, s.number, m.payment_method_id
                 from unnest($6::int[], $7::text[], $8::int[], $9::text[], $10::text[])
                   as s (place, connector, number, kind, token)
                 join payment_methods m
                   on m.caller = $11 and m.connector = s.connector and m.kind = s.kind and m.token = s.token
               returning place
           ), asked as (
               update transactions set connector = $12 where payment_id = $1
           )
           select count(*) as "count!" from means"#,
        payment.id.as_uuid(),
        route.routing_version,
        route.rule_number,
        &places.of(|(place, _)| *place),
        &places.of(|(_, candidate)| candidate.connector.as_str()) as &[&str],
        &rows.of(|(place, ..)| *place),
        &rows.of(|(_, connector, ..)| connector.as_str()) as &[&str],
        &rows.of(|(_, _, tender, _)| tender.number),
        &rows.of(|(_, _, tender, _)| tender.kind.as_str()) as &[&str],
        &rows.of(|(.., token)| &***token) as &[&str],
        payment.caller,
        payment.connector.as_str()
    )
    .fetch_one(conn)
    .await?;
    Ok(usize::try_from(written) == Ok(means.len()))
}

/// Has a payment that is locked go to another connector of its route: from now on that is the payment's, and its tenders
/// are paid by what that one knows.
pub async fn turn_to(
    conn: &mut PgConnection,
    payment: PaymentId,
    connector: ConnectorName,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with turned as (
             update payments set connector = $2 where payment_id = $1
         )
         update tenders t
            set payment_method_id = m.payment_method_id
           from payment_routes r
           join payment_route_means m on m.payment_id = r.payment_id and m.place = r.place
          where r.payment_id = $1 and r.connector = $2
            and t.payment_id = m.payment_id and t.number = m.tender_number",
        payment.as_uuid(),
        connector.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A route as it was decided, without what anybody knows the means by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteNote {
    /// The version of the routing table that decided; none where there was none.
    pub routing_version: Option<i32>,
    /// The place of the rule in it, from 1; none where none matched.
    pub rule_number: Option<i32>,
    /// Who is asked, one after the other.
    pub connectors: Vec<ConnectorName>,
}

/// The route of a payment; none where its caller named the connector.
pub async fn of_payment(
    conn: &mut PgConnection,
    payment: PaymentId,
) -> Result<Option<RouteNote>, sqlx::Error> {
    let rows = sqlx::query!(
        "select connector, routing_version, rule_number from payment_routes where payment_id = $1 order by place",
        payment.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(RouteNote {
        routing_version: first.routing_version,
        rule_number: first.rule_number,
        connectors: rows
            .iter()
            .map(|row| word(&row.connector))
            .collect::<Result<_, _>>()?,
    }))
}
