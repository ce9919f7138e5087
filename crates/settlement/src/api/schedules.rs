//! Settlement schedules (정산 스케줄).

use axum::Json;
use axum::extract::State;
use ids::PartnerId;
use serde::Deserialize;
use utoipa::IntoParams;
use web::{Page, PageParams, Problem, Query, Reader, page};

use super::Api;
use crate::ops::read;
use crate::store::schedules::ScheduleRow;

/// Which ones: a list that can be narrowed to one partner.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfPartner {
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    pub(super) limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub(super) cursor: Option<String>,
    /// Only this partner's.
    pub(super) partner_id: Option<PartnerId>,
}

impl OfPartner {
    /// The paging of the list, and its filter.
    pub(super) fn parts(self) -> (PageParams, Option<PartnerId>) {
        let params = PageParams {
            limit: self.limit,
            cursor: self.cursor,
        };
        (params, self.partner_id)
    }
}

/// Lists under which cycle each partner is settled now, and when the next window closes and is paid.
#[utoipa::path(
    get,
    path = "/v1/settlement-schedules",
    tag = "settlements",
    params(OfPartner),
    responses((status = 200, body = Page<ScheduleRow>, description = "A page of schedules."))
)]
pub(crate) async fn list(
    State(api): State<Api>,
    _: Reader,
    Query(query): Query<OfPartner>,
) -> Result<Json<Page<ScheduleRow>>, Problem> {
    let (params, partner_id) = query.parts();
    let limit = params.limit()?;
    let (last, partner_id) = params.start(partner_id)?;
    let rows = read::schedules(&api.outbox, partner_id, last, i64::from(limit) + 1).await?;
    Ok(Json(page(rows, limit, partner_id, |row| row.id, |row| row)))
}
