//! Reading requests: JSON bodies, queries and paths, with errors that name the field.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::header;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{Code, Problem};

/// The largest body of a batch, in bytes: 1,000 payments of some lines each. Gateway and services agree on it.
pub const BATCH_LIMIT: usize = 8 * 1024 * 1024;

/// The largest body of evidence against a dispute, in bytes: 8 files of 2 MiB in base64, and text. Gateway and services
/// agree on it.
pub const EVIDENCE_LIMIT: usize = 23 * 1024 * 1024;

/// A JSON body. A field that is unknown, missing or of the wrong type is named by its JSON pointer.
///
/// Carries the bytes too: an idempotency fingerprint is taken over what was sent.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|text| {
                let kind = text.split(';').next().unwrap_or_default().trim();
                kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json")
            });
        if !json {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "send JSON with Content-Type: application/json",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
                Problem::new(
                    Code::BodyTooLarge,
                    "send less at once, for example smaller batches",
                )
            } else {
                Problem::new(Code::MalformedRequest, "the body did not arrive whole")
            }
        })?;
        parse(&bytes).map(Self)
    }
}

/// Reads JSON, and on failure names the place.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        if inner.is_syntax() || inner.is_eof() {
            return Problem::new(Code::MalformedRequest, format!("the body is not JSON: {inner}"));
        }
        Problem::field(pointer(error.path()), inner.to_string())
    })?;
    deserializer.end().map_err(|error| {
        Problem::new(
            Code::MalformedRequest,
            format!("the body goes on after the JSON: {error}"),
        )
    })?;
    Ok(value)
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |mut text, segment| {
        text.push('/');
        match segment {
            Segment::Seq { index } => text.push_str(&index.to_string()),
            Segment::Map { key } => text.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => text.push_str(variant),
            Segment::Unknown => text.push('?'),
        }
        text
    })
}

/// Query parameters; one that is unknown or of the wrong form is a problem.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection: QueryRejection| Problem::new(Code::MalformedRequest, rejection.body_text()))
    }
}

/// A path parameter; one of the wrong form (an id with another prefix) names nothing, so it is a 404.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|rejection: PathRejection| Problem::new(Code::NotFound, rejection.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code, reason = "only parsed")]
        lines: Vec<Line>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "only parsed")]
        price: i64,
    }

    #[test]
    fn a_fault_is_named_by_its_place() {
        for (body, code, place) in [
            (
                r#"{"lines":[{"price":"x"}]}"#,
                Code::InvalidField,
                "/lines/0/price",
            ),
            (
                r#"{"lines":[{"price":1},{"prize":1}]}"#,
                Code::InvalidField,
                "/lines/1/prize",
            ),
            (r#"{"lines":[{}]}"#, Code::InvalidField, "/lines/0"),
            (r#"{"lines":"#, Code::MalformedRequest, ""),
            (r#"{"lines":[]} {}"#, Code::MalformedRequest, ""),
        ] {
            let problem = parse::<Order>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code, code, "{body}");
            assert_eq!(
                problem.errors.first().map_or("", |e| e.pointer.as_str()),
                place,
                "{body}"
            );
        }
    }
}
