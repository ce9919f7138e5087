//! Changes a partner's name or status.

use bus::Outbox;
use chrono::{DateTime, Utc};
use contracts::events::PartnerChanged;
use ids::PartnerId;

use crate::domain::{Partner, PartnerChange};
use crate::error::Error;
use crate::store;

/// Changes what differs and tells of it. Where nothing differs, nothing is told: to ask again is harmless.
pub(crate) async fn change_partner(
    outbox: &Outbox,
    now: DateTime<Utc>,
    id: PartnerId,
    change: &PartnerChange,
) -> Result<Partner, Error> {
    let mut work = outbox.begin().await?;
    let Some(partner) = store::partners::change(work.conn(), id, change, now).await? else {
        return store::partners::find(work.conn(), id)
            .await?
            .ok_or(Error::NoPartner(id));
    };
    work.publish(&PartnerChanged::from(&partner), now)?;
    work.commit().await?;
    Ok(partner)
}
