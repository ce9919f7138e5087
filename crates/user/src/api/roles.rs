//! Roles.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Problem, Reader};

use crate::Office;
use crate::ops::read;

/// A role that users and keys can be given.
#[derive(Serialize, ToSchema)]
pub(super) struct RoleView {
    #[schema(example = "operator")]
    name: String,
    /// What it allows.
    description: String,
}

/// All roles.
#[derive(Serialize, ToSchema)]
pub(super) struct RoleList {
    data: Vec<RoleView>,
}

/// Lists the roles.
#[utoipa::path(
    get, path = "/v1/roles", tag = "users",
    responses((status = 200, description = "All roles, by name", body = RoleList))
)]
pub(super) async fn list(_: Reader, State(office): State<Office>) -> Result<Json<RoleList>, Problem> {
    let rows = read::roles(&office).await?;
    let data = rows
        .into_iter()
        .map(|row| RoleView {
            name: row.name,
            description: row.description,
        })
        .collect();
    Ok(Json(RoleList { data }))
}
