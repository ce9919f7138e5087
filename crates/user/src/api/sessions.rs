//! Sessions.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, StatusCode, header};
use ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use telemetry::Secret;
use utoipa::ToSchema;
use web::{Body, Code, Problem, Reader};

use crate::Office;
use crate::ops;

/// The cookie with a browser's session token.
const COOKIE: &str = "jeongsan_session";
/// The header in which the gateway hands the session token on, since it keeps credentials to itself otherwise.
const SESSION_TOKEN: HeaderName = HeaderName::from_static("x-session-token");

/// Who logs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    /// The login, in capital or small letters.
    #[schema(example = "admin")]
    login: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
    /// True: the token is set as a cookie too, for browsers.
    #[serde(default)]
    cookie: bool,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    id: SessionId,
    user_id: UserId,
    /// Send it as `Authorization: Bearer st_...`. It is shown this once.
    #[schema(example = "st_0123...")]
    token: String,
    /// When the session ends, unless it is used: each use moves its end to 30 minutes later.
    expires_at: DateTime<Utc>,
}

/// Logs in.
///
/// Ten attempts in a row without success lock the login for a second, each further one for twice as long, up to
/// 15 minutes.
#[utoipa::path(
    post, path = "/v1/sessions", tag = "sessions", request_body = LogIn, security(()),
    responses(
        (status = 201, description = "Logged in", body = Session),
        (status = 401, description = "The login or the password is wrong", body = Problem),
        (status = 422, description = "A field is not valid", body = Problem),
        (status = 429, description = "The login is locked for a while; see Retry-After", body = Problem),
    )
)]
pub(super) async fn log_in(
    State(office): State<Office>,
    Body(request): Body<LogIn>,
) -> Result<Response, Problem> {
    let begun = ops::log_in::log_in(&office, &request.login, request.password).await?;
    let cookie = request
        .cookie
        .then(|| cookie(begun.token.reveal(), office.secure_cookies));
    let session = Session {
        id: begun.id,
        user_id: begun.user,
        token: begun.token.reveal().to_owned(),
        expires_at: begun.expires_at,
    };
    let mut response = (
        StatusCode::CREATED,
        [(header::CACHE_CONTROL, "no-store")],
        Json(session),
    )
        .into_response();
    if let Some(value) = cookie.and_then(|text| text.parse().ok()) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// Logs out: ends the session that the request came with.
#[utoipa::path(
    delete, path = "/v1/sessions/current", tag = "sessions",
    responses(
        (status = 204, description = "Logged out"),
        (status = 401, description = "No session, or it is over", body = Problem),
        (status = 404, description = "The request came with an API key and not with a session", body = Problem),
    )
)]
pub(super) async fn log_out(
    Reader(caller): Reader,
    State(office): State<Office>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user = caller.id.parse::<UserId>().map_err(|_| {
        Problem::new(
            Code::NotFound,
            "an API key has no session; revoke the key instead",
        )
    })?;
    let token = headers.get(SESSION_TOKEN).and_then(|value| value.to_str().ok());
    ops::log_out::log_out(&office, user, token).await?;
    let gone = format!("{}; Max-Age=0", cookie("", office.secure_cookies));
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// Not readable by scripts, not sent from other sites.
fn cookie(token: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_out_of_reach_for_scripts_and_other_sites() {
        assert_eq!(
            cookie("st_1", true),
            "jeongsan_session=st_1; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(!cookie("st_1", false).contains("Secure"));
    }

    #[test]
    fn a_login_request_does_not_show_its_password() {
        let request: LogIn = serde_json::from_str(r#"{"login":"a","password":"hunter22222"}"#).unwrap();
        assert!(!format!("{request:?}").contains("hunter"));
    }
}
