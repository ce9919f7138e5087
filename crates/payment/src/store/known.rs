//! The tables `known_partners` and `known_contracts`: what the partner service told.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contracts::events::{ContractChanged, PartnerChanged, PartnerStatus};
use ids::PartnerId;
use money::Currency;
use sqlx::{PgConnection, PgPool};

use super::value;
use crate::domain::selling::Standing;

/// The standing of these partners; those that are not known are left out.
pub async fn standings(
    pool: &PgPool,
    partners: &[PartnerId],
) -> Result<HashMap<PartnerId, Standing>, sqlx::Error> {
    let ids: Vec<_> = partners.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"select p.partner_id, p.status,
                  array(select distinct c.currency from known_contracts c where c.partner_id = p.partner_id)
                      as "currencies!"
             from known_partners p where p.partner_id = any($1)"#,
        &ids
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currencies = row
                .currencies
                .iter()
                .map(|code| value(Currency::parse(code).ok(), "currency"))
                .collect::<Result<_, _>>()?;
            let standing = Standing {
                is_active: row.status == status_word(PartnerStatus::Active),
                currencies,
            };
            Ok((PartnerId::from_uuid(row.partner_id), standing))
        })
        .collect()
}

fn status_word(status: PartnerStatus) -> &'static str {
    match status {
        PartnerStatus::Active => "active",
        PartnerStatus::Closed => "closed",
    }
}

/// Takes partners in as they are told; an older version changes nothing.
pub async fn put_partners(
    conn: &mut PgConnection,
    partners: &[PartnerChanged],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = partners.iter().map(|p| p.partner_id.as_uuid()).collect();
    let statuses: Vec<_> = partners.iter().map(|p| status_word(p.status)).collect();
    let versions: Vec<_> = partners.iter().map(|p| p.version).collect();
    sqlx::query!(
        "insert into known_partners as known (partner_id, status, version, updated_at)
         select distinct on (told.partner_id) told.partner_id, told.status, told.version, $4
           from unnest($1::uuid[], $2::text[], $3::int[]) as told (partner_id, status, version)
          order by told.partner_id, told.version desc
         on conflict on constraint known_partners_pk do update
            set status = excluded.status, version = excluded.version, updated_at = excluded.updated_at
          where known.version < excluded.version",
        &ids,
        &statuses as &[&str],
        &versions,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes versions of contracts in; a version never changes, so one that is known stays.
pub async fn put_contracts(conn: &mut PgConnection, told: &[ContractChanged]) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = told.iter().map(|c| c.contract_id.as_uuid()).collect();
    let versions: Vec<_> = told.iter().map(|c| c.version).collect();
    let partners: Vec<_> = told.iter().map(|c| c.partner_id.as_uuid()).collect();
    let currencies: Vec<_> = told.iter().map(|c| c.terms.currency.as_str()).collect();
    let starts: Vec<_> = told.iter().map(|c| c.valid_from).collect();
    sqlx::query!(
        "insert into known_contracts (contract_id, version, partner_id, currency, valid_from)
         select * from unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::date[]) as told
          order by 1, 2
         on conflict on constraint known_contracts_pk do nothing",
        &ids,
        &versions,
        &partners,
        &currencies as &[&str],
        &starts
    )
    .execute(conn)
    .await?;
    Ok(())
}
