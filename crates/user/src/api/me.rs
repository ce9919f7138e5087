//! The caller.

use axum::Json;
use axum::extract::State;
use contracts::Role;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use telemetry::Secret;
use utoipa::ToSchema;
use web::{Body, Problem, Reader};

use crate::Office;
use crate::ops;
use crate::ops::read;

/// Who calls.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// `usr_...` or `key_...`.
    id: String,
    /// The login; null for an API key.
    login: Option<String>,
    /// The name of the user or the key.
    name: String,
    /// What the caller may do.
    roles: Vec<Role>,
}

/// Shows who calls.
#[utoipa::path(
    get, path = "/v1/users/me", tag = "users",
    responses(
        (status = 200, description = "The caller", body = Me),
        (status = 401, description = "No valid credential", body = Problem),
    )
)]
pub(super) async fn show(Reader(caller): Reader, State(office): State<Office>) -> Result<Json<Me>, Problem> {
    let (login, name) = match read::user_of(&office, &caller).await? {
        Some(user) => (Some(user.login), user.name),
        None => match read::key_of(&office, &caller).await? {
            Some(key) => (None, key.name),
            None => (None, caller.id.clone()),
        },
    };
    Ok(Json(Me {
        id: caller.id,
        login,
        name,
        roles: caller.roles,
    }))
}

/// Another password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePassword {
    /// The present password.
    #[schema(value_type = String, format = Password)]
    current_password: Secret<String>,
    /// The new one, of at least 10 characters.
    #[schema(value_type = String, format = Password, min_length = 10)]
    new_password: Secret<String>,
}

/// Changes the caller's own password and ends all of the caller's sessions.
#[utoipa::path(
    post, path = "/v1/users/me/password", tag = "users", request_body = ChangePassword,
    responses(
        (status = 204, description = "Changed; log in again"),
        (status = 403, description = "The caller is an API key", body = Problem),
        (status = 422, description = "A password is wrong or not taken", body = Problem),
        (status = 429, description = "Too many wrong ones; see Retry-After", body = Problem),
    )
)]
pub(super) async fn change_password(
    Reader(caller): Reader,
    State(office): State<Office>,
    Body(request): Body<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let ChangePassword {
        current_password,
        new_password,
    } = request;
    ops::change_password::change_password(&office, &caller, current_password, new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}
