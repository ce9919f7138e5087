//! What is asked for and changes nothing.

use bus::Outbox;
use chrono::{DateTime, Utc};
use ids::{PartnerId, PaymentId, SettlementId};
use uuid::Uuid;

use crate::Error;
use crate::store::details::{self, Detail};
use crate::store::holds::{self, Hold};
use crate::store::schedules::{self, ScheduleRow};
use crate::store::settlements::{self, Filter, Settlement};
use crate::store::status::{self, Counts};
use crate::store::waiting::{self, Waiting};

/// Statements, newest first, after `last`, at most `limit`.
pub async fn settlements(
    outbox: &Outbox,
    filter: &Filter,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Settlement>, Error> {
    Ok(settlements::list(outbox.db().pool(), filter, last, limit).await?)
}

/// The statement of that id.
pub async fn settlement(outbox: &Outbox, id: SettlementId) -> Result<Settlement, Error> {
    settlements::get(outbox.db().pool(), id)
        .await?
        .ok_or(Error::NoSuchSettlement(id))
}

/// The lines of a statement, newest first, after `last`, at most `limit`.
pub async fn details(
    outbox: &Outbox,
    id: SettlementId,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Detail>, Error> {
    let found = details::of_settlement(outbox.db().pool(), id, last, limit).await?;
    if found.is_empty() {
        // An empty page of a statement that is there, or no statement at all.
        settlement(outbox, id).await?;
    }
    Ok(found)
}

/// The priced lines of a payment.
pub async fn lines_of_payment(outbox: &Outbox, payment_id: PaymentId) -> Result<Vec<Detail>, Error> {
    Ok(details::of_payment(outbox.db().pool(), payment_id).await?)
}

/// Schedules, newest first, after `last`, at most `limit`.
pub async fn schedules(
    outbox: &Outbox,
    partner_id: Option<PartnerId>,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ScheduleRow>, Error> {
    Ok(schedules::list(outbox.db().pool(), partner_id, last, limit).await?)
}

/// Lines, and what takes back of lines, without a price, newest first, after `last`, at most `limit`.
pub async fn waiting_lines(
    outbox: &Outbox,
    partner_id: Option<PartnerId>,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Waiting>, Error> {
    waiting::list(outbox.db().pool(), partner_id, last, limit).await
}

/// Holds that last.
pub async fn holds(outbox: &Outbox, now: DateTime<Utc>) -> Result<Vec<Hold>, Error> {
    Ok(holds::running(outbox.db().pool(), now).await?)
}

/// What is on its way.
pub async fn counts(outbox: &Outbox, now: DateTime<Utc>) -> Result<Counts, Error> {
    Ok(status::counts(outbox.db().pool(), now).await?)
}
