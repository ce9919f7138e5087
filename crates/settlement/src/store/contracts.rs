//! The table `known_contract_versions`.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use ids::ContractId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{account, columns, unreadable};
use crate::Error;
use crate::domain::contract::{Account, ContractVersion, Versions};

/// Keeps these versions; one that is known already stays as it is.
pub async fn record(
    conn: &mut PgConnection,
    versions: &[ContractVersion],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let ids: Vec<Uuid> = versions.iter().map(|v| v.contract_id.as_uuid()).collect();
    let numbers: Vec<i32> = versions.iter().map(|v| v.version).collect();
    let (partners, currencies) = columns(versions.iter().map(|v| &v.account));
    let first_days: Vec<NaiveDate> = versions.iter().map(|v| v.valid_from).collect();
    let starts: Vec<DateTime<Utc>> = versions.iter().map(ContractVersion::starts_at).collect();
    let terms: Vec<serde_json::Value> = versions
        .iter()
        .map(|v| serde_json::to_value(&v.terms))
        .collect::<Result<_, _>>()
        .map_err(|e| unreadable("a contract", &e))?;
    sqlx::query!(
        "insert into known_contract_versions
                (contract_id, version, partner_id, currency, valid_from, starts_at, terms, recorded_at)
         select f.*, $8
           from unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::date[], $6::timestamptz[], $7::jsonb[]) as f
         on conflict on constraint known_contract_versions_pk do nothing",
        &ids,
        &numbers,
        &partners,
        &currencies as &[&str],
        &first_days,
        &starts,
        &terms,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All versions of these accounts' contracts; an account without any is left out.
pub async fn of(conn: &mut PgConnection, accounts: &[Account]) -> Result<HashMap<Account, Versions>, Error> {
    let (partners, currencies) = columns(accounts);
    let rows = sqlx::query!(
        "select v.contract_id, v.version, v.partner_id, v.currency, v.valid_from, v.terms
           from unnest($1::uuid[], $2::text[]) as f (partner_id, currency)
           join known_contract_versions v on v.partner_id = f.partner_id and v.currency = f.currency",
        &partners,
        &currencies as &[&str]
    )
    .fetch_all(conn)
    .await?;
    let versions = rows
        .into_iter()
        .map(|row| {
            Ok(ContractVersion {
                contract_id: ContractId::from_uuid(row.contract_id),
                version: row.version,
                account: account(row.partner_id, &row.currency)?,
                valid_from: row.valid_from,
                terms: serde_json::from_value(row.terms).map_err(|e| unreadable("a contract", &e))?,
            })
        })
        .collect::<Result<_, Error>>()?;
    Ok(Versions::by_account(versions))
}
