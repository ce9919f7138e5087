//! Users.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use contracts::Role;
use http::{StatusCode, header};
use ids::UserId;
use serde::{Deserialize, Serialize};
use telemetry::Secret;
use utoipa::ToSchema;
use web::{Administrator, Body, Page, PageParams, Path, Problem, Query, page};

use crate::Office;
use crate::ops::change_user::{Changes, change_user};
use crate::ops::create_user::{NewUser, create_user};
use crate::ops::read;
use crate::store::users::User;

/// A user.
#[derive(Serialize, ToSchema)]
pub(super) struct UserView {
    id: UserId,
    /// The name to log in with.
    login: String,
    /// The name to show.
    name: String,
    /// What the user may do.
    roles: Vec<Role>,
    /// False: may not log in any more.
    active: bool,
    /// Counts the user's changes from 1.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            login: user.login,
            name: user.name,
            roles: user.roles,
            active: user.active,
            version: user.version,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// A user to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUser {
    /// 1 to 64 of a-z, 0-9 and . _ @ + -; capital letters become small ones.
    #[schema(example = "kim.minsu", max_length = 64)]
    login: String,
    /// The name to show; the login, where it is left out.
    #[serde(default)]
    #[schema(example = "김민수", max_length = 100)]
    name: String,
    /// At least 10 characters.
    #[schema(value_type = String, format = Password, min_length = 10)]
    password: Secret<String>,
    /// One or more of administrator, operator, auditor.
    roles: Vec<Role>,
}

/// Makes a user.
#[utoipa::path(
    post, path = "/v1/users", tag = "users", request_body = CreateUser,
    responses(
        (status = 201, description = "Made", body = UserView),
        (status = 403, description = "The caller is no administrator", body = Problem),
        (status = 409, description = "There is a user with this login", body = Problem),
        (status = 422, description = "Fields are not valid", body = Problem),
    )
)]
pub(super) async fn create(
    _: Administrator,
    State(office): State<Office>,
    Body(request): Body<CreateUser>,
) -> Result<Response, Problem> {
    let wanted = NewUser {
        login: request.login,
        name: request.name,
        password: request.password,
        roles: request.roles,
    };
    let user = create_user(&office, wanted).await?;
    let location = [(header::LOCATION, format!("/v1/users/{}", user.id))];
    Ok((StatusCode::CREATED, location, Json(UserView::from(user))).into_response())
}

/// Lists the users.
#[utoipa::path(
    get, path = "/v1/users", tag = "users", params(PageParams),
    responses(
        (status = 200, description = "One page, newest first", body = Page<UserView>),
        (status = 403, description = "The caller is no administrator", body = Problem),
    )
)]
pub(super) async fn list(
    _: Administrator,
    State(office): State<Office>,
    Query(params): Query<PageParams>,
) -> Result<Json<Page<UserView>>, Problem> {
    let limit = params.limit()?;
    let (last, ()) = params.start(())?;
    let rows = read::users(&office, last, limit).await?;
    Ok(Json(page(
        rows,
        limit,
        (),
        |user| user.id.as_uuid(),
        UserView::from,
    )))
}

/// Shows a user.
#[utoipa::path(
    get, path = "/v1/users/{id}", tag = "users", params(("id" = UserId, Path)),
    responses(
        (status = 200, description = "The user", body = UserView),
        (status = 403, description = "The caller is no administrator", body = Problem),
        (status = 404, description = "There is no such user", body = Problem),
    )
)]
pub(super) async fn show(
    _: Administrator,
    State(office): State<Office>,
    Path(id): Path<UserId>,
) -> Result<Json<UserView>, Problem> {
    Ok(Json(read::user(&office, id).await?.into()))
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeUser {
    /// The name to show.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// One or more of administrator, operator, auditor; they replace the present ones.
    roles: Option<Vec<Role>>,
    /// False ends all of the user's sessions.
    active: Option<bool>,
    /// At least 10 characters; ends all of the user's sessions.
    #[schema(value_type = Option<String>, format = Password, min_length = 10)]
    password: Option<Secret<String>>,
}

/// Changes a user.
#[utoipa::path(
    patch, path = "/v1/users/{id}", tag = "users", params(("id" = UserId, Path)), request_body = ChangeUser,
    responses(
        (status = 200, description = "The user as changed", body = UserView),
        (status = 403, description = "The caller is no administrator", body = Problem),
        (status = 404, description = "There is no such user", body = Problem),
        (status = 409, description = "This is the last active administrator", body = Problem),
        (status = 422, description = "Fields are not valid", body = Problem),
    )
)]
pub(super) async fn change(
    _: Administrator,
    State(office): State<Office>,
    Path(id): Path<UserId>,
    Body(request): Body<ChangeUser>,
) -> Result<Json<UserView>, Problem> {
    let changes = Changes {
        name: request.name,
        roles: request.roles,
        active: request.active,
        password: request.password,
    };
    Ok(Json(change_user(&office, id, changes).await?.into()))
}
