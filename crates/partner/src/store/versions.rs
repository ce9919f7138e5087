//! The table `contract_versions`.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::ContractTerms;
use ids::ContractId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::Version;
use crate::error::Error;

/// Inserts versions, each of its contract. A number that another writer took violates `contract_versions_pk`; the
/// same first day, `contract_versions_day_unique`.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    versions: &[(ContractId, &Version)],
) -> Result<(), Error> {
    let ids: Vec<Uuid> = versions.iter().map(|(id, _)| id.as_uuid()).collect();
    let numbers: Vec<i32> = versions.iter().map(|(_, v)| v.number).collect();
    let days: Vec<NaiveDate> = versions.iter().map(|(_, v)| v.valid_from).collect();
    let terms = versions
        .iter()
        .map(|(_, v)| serde_json::to_string(&v.terms))
        .collect::<Result<Vec<String>, _>>()
        .map_err(|error| Error::form("the terms of a contract", error))?;
    let reasons: Vec<Option<&str>> = versions.iter().map(|(_, v)| v.reason.as_deref()).collect();
    let times: Vec<DateTime<Utc>> = versions.iter().map(|(_, v)| v.created_at).collect();
    let makers: Vec<&str> = versions.iter().map(|(_, v)| v.created_by.as_str()).collect();
    sqlx::query!(
        "insert into contract_versions
                (contract_id, version, valid_from, terms, reason, created_at, created_by)
         select contract_id, version, valid_from, terms::jsonb, reason, at, by
           from unnest($1::uuid[], $2::int[], $3::date[], $4::text[], $5::text[], $6::timestamptz[], $7::text[])
                as fresh (contract_id, version, valid_from, terms, reason, at, by)",
        &ids,
        &numbers,
        &days,
        &terms,
        &reasons as &[Option<&str>],
        &times,
        &makers as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// All versions of those contracts, by contract, the first one first.
pub(crate) async fn of(
    conn: &mut PgConnection,
    contracts: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Version>>, Error> {
    let rows = sqlx::query!(
        r#"select contract_id, version, valid_from, terms::text as "terms!", reason, created_at, created_by
             from contract_versions where contract_id = any($1) order by contract_id, version"#,
        contracts
    )
    .fetch_all(conn)
    .await?;
    let mut found: HashMap<Uuid, Vec<Version>> = HashMap::new();
    for row in rows {
        let terms: ContractTerms = serde_json::from_str(&row.terms).map_err(|error| {
            let contract = ContractId::from_uuid(row.contract_id);
            Error::form(format_args!("version {} of {contract}", row.version), error)
        })?;
        found.entry(row.contract_id).or_default().push(Version {
            number: row.version,
            valid_from: row.valid_from,
            terms,
            reason: row.reason,
            created_at: row.created_at,
            created_by: row.created_by,
        });
    }
    Ok(found)
}
