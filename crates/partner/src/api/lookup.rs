//! What other services ask when an event has not told them yet.

use axum::Json;
use axum::extract::State;
use contracts::internal::{PartnerLookup, PartnerLookupAnswer};
use web::{Body, Problem, ServiceCaller};

use crate::App;
use crate::ops;

const MOST: usize = 1_000;

/// Partners with their contracts, as the events tell of them. Unknown ones are left out.
#[utoipa::path(
    post, path = "/internal/v1/partners/lookup", tag = "internal",
    request_body(content = Object, description = "`partner_ids`: at most 1,000"),
    responses((status = 200, description = "`partners` and `contracts`", body = Object))
)]
pub(crate) async fn lookup(
    _: ServiceCaller,
    State(app): State<App>,
    Body(body): Body<PartnerLookup>,
) -> Result<Json<PartnerLookupAnswer>, Problem> {
    if body.partner_ids.len() > MOST {
        return Err(Problem::field("/partner_ids", format!("give at most {MOST}")));
    }
    Ok(Json(ops::lookup(&app.outbox, &body.partner_ids).await?))
}
