//! The table `commissions`.

use ids::{CommissionId, ContractId};
use money::Rate;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::Commission;
use crate::error::Error;

/// Inserts the commissions of versions that were inserted in the same transaction.
pub(crate) async fn insert(conn: &mut PgConnection, commissions: &[Commission]) -> Result<(), Error> {
    let ids: Vec<Uuid> = commissions.iter().map(|c| c.id.as_uuid()).collect();
    let contracts: Vec<Uuid> = commissions.iter().map(|c| c.contract_id.as_uuid()).collect();
    let versions: Vec<i32> = commissions.iter().map(|c| c.version).collect();
    let categories: Vec<Option<&str>> = commissions.iter().map(|c| c.category.as_deref()).collect();
    let rates = commissions
        .iter()
        .map(|c| i32::try_from(c.rate.ppm()))
        .collect::<Result<Vec<i32>, _>>()
        .map_err(|error| Error::form("a rate", error))?;
    sqlx::query!(
        "insert into commissions (id, contract_id, version, category, rate_ppm)
         select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[])",
        &ids,
        &contracts,
        &versions,
        &categories as &[Option<&str>],
        &rates
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The commissions of all versions of a contract: by version, and in each that of all sales first.
pub(crate) async fn of(conn: &mut PgConnection, contract: ContractId) -> Result<Vec<Commission>, Error> {
    let rows = sqlx::query!(
        "select id, version, category, rate_ppm
           from commissions where contract_id = $1 order by version, category nulls first",
        contract.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let rate = u32::try_from(row.rate_ppm)
                .map_err(|error| Error::form("a commission's rate", error))
                .and_then(|ppm| {
                    Rate::from_ppm(ppm).map_err(|error| Error::form("a commission's rate", error))
                })?;
            Ok(Commission {
                id: CommissionId::from_uuid(row.id),
                contract_id: contract,
                version: row.version,
                category: row.category,
                rate,
            })
        })
        .collect()
}
