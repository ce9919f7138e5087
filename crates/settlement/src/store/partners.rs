//! The table `known_partners`.

use chrono::{DateTime, Utc};
use contracts::events::{PartnerChanged, PartnerKind, PartnerStatus};
use sqlx::PgConnection;
use uuid::Uuid;

/// Keeps what was told of these partners, of which there is one each; an older version changes nothing.
pub async fn record(
    conn: &mut PgConnection,
    partners: &[&PartnerChanged],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = partners.iter().map(|p| p.partner_id.as_uuid()).collect();
    let references: Vec<&str> = partners.iter().map(|p| p.reference.as_str()).collect();
    let names: Vec<&str> = partners.iter().map(|p| p.name.as_str()).collect();
    let kinds: Vec<&str> = partners.iter().map(|p| kind(p.kind)).collect();
    let statuses: Vec<&str> = partners.iter().map(|p| status(p.status)).collect();
    let versions: Vec<i32> = partners.iter().map(|p| p.version).collect();
    sqlx::query!(
        "insert into known_partners as k (partner_id, reference, name, kind, status, version, recorded_at)
         select f.*, $7
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[]) as f
         on conflict on constraint known_partners_pk do update
            set reference = excluded.reference, name = excluded.name, kind = excluded.kind,
                status = excluded.status, version = excluded.version, recorded_at = excluded.recorded_at
          where k.version < excluded.version",
        &ids,
        &references as &[&str],
        &names as &[&str],
        &kinds as &[&str],
        &statuses as &[&str],
        &versions,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn kind(kind: PartnerKind) -> &'static str {
    match kind {
        PartnerKind::Company => "company",
        PartnerKind::Individual => "individual",
    }
}

fn status(status: PartnerStatus) -> &'static str {
    match status {
        PartnerStatus::Active => "active",
        PartnerStatus::Closed => "closed",
    }
}
