//! Keeps what the partner service tells of partners.

use std::collections::HashMap;

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::PartnerChanged;
use ids::PartnerId;

use crate::Error;
use crate::store::partners;

/// Keeps the newest of each partner. The caller commits.
pub async fn record_partners(
    work: &mut Work,
    changes: &[PartnerChanged],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut newest: HashMap<PartnerId, &PartnerChanged> = HashMap::new();
    for change in changes {
        let known = newest.entry(change.partner_id).or_insert(change);
        if known.version < change.version {
            *known = change;
        }
    }
    let newest: Vec<&PartnerChanged> = newest.into_values().collect();
    Ok(partners::record(work.conn(), &newest, now).await?)
}
