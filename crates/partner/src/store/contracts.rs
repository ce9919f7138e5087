//! The table `contracts`. What is read comes with the versions.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use ids::{ContractId, PartnerId};
use money::Currency;
use sqlx::PgConnection;
use uuid::Uuid;

use super::versions;
use crate::domain::Contract;
use crate::error::Error;

struct Row {
    id: Uuid,
    partner_id: Uuid,
    currency: String,
    created_at: DateTime<Utc>,
}

/// Inserts those whose partner has none in their currency, and returns which. They must come in the order of
/// partner and currency, so that two batches wait for each other instead of deadlocking.
pub(crate) async fn insert_missing(
    conn: &mut PgConnection,
    contracts: &[Contract],
) -> Result<HashSet<ContractId>, Error> {
    let ids: Vec<Uuid> = contracts.iter().map(|c| c.id.as_uuid()).collect();
    let partners: Vec<Uuid> = contracts.iter().map(|c| c.partner_id.as_uuid()).collect();
    let currencies: Vec<&str> = contracts.iter().map(|c| c.currency.as_str()).collect();
    let times: Vec<DateTime<Utc>> = contracts.iter().map(|c| c.created_at).collect();
    let inserted = sqlx::query_scalar!(
        "insert into contracts (id, partner_id, currency, created_at)
         select id, partner_id, currency, at
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[]) with ordinality
                as fresh (id, partner_id, currency, at, place)
          order by place
             on conflict on constraint contracts_one_per_currency do nothing
         returning id",
        &ids,
        &partners,
        &currencies as &[&str],
        &times
    )
    .fetch_all(conn)
    .await?;
    Ok(inserted.into_iter().map(ContractId::from_uuid).collect())
}

/// The contract of that id.
pub(crate) async fn find(conn: &mut PgConnection, id: ContractId) -> Result<Option<Contract>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, partner_id, currency, created_at from contracts where id = $1",
        id.as_uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(whole(conn, rows).await?.pop())
}

/// All contracts of those partners.
pub(crate) async fn of_partners(
    conn: &mut PgConnection,
    partners: &[PartnerId],
) -> Result<Vec<Contract>, Error> {
    let partners: Vec<Uuid> = partners.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "select id, partner_id, currency, created_at from contracts where partner_id = any($1) order by id",
        &partners
    )
    .fetch_all(&mut *conn)
    .await?;
    whole(conn, rows).await
}

/// At most `limit` contracts before `before`, the newest first.
pub(crate) async fn page(
    conn: &mut PgConnection,
    partner: Option<PartnerId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Contract>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, partner_id, currency, created_at
           from contracts
          where ($1::uuid is null or id < $1) and ($2::uuid is null or partner_id = $2)
          order by id desc
          limit $3",
        before,
        partner.map(PartnerId::as_uuid),
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    whole(conn, rows).await
}

/// The contracts of `rows`, in their order, with their versions.
async fn whole(conn: &mut PgConnection, rows: Vec<Row>) -> Result<Vec<Contract>, Error> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut versions = versions::of(conn, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let currency = Currency::parse(&row.currency)
                .map_err(|error| Error::form("a contract's currency", error))?;
            Ok(Contract {
                id: ContractId::from_uuid(row.id),
                partner_id: PartnerId::from_uuid(row.partner_id),
                currency,
                created_at: row.created_at,
                versions: versions.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}
