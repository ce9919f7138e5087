//! A JSON body that may be left out.

use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde_json::{Value, json};
use web::{Body, Problem};

/// The body; one that was left out is `{}`.
pub(super) struct Given(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Given {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let is_empty = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .is_none_or(|length| length == "0")
            && !request.headers().contains_key(header::TRANSFER_ENCODING)
            && axum::body::HttpBody::is_end_stream(request.body());
        if is_empty {
            return Ok(Self(json!({})));
        }
        let Body(body) = Body::from_request(request, state).await?;
        if !is_named(&body) {
            return Err(Problem::field("", "give an object, and every field by its name"));
        }
        Ok(Self(body))
    }
}

/// Whether all fields are given by their names. A list of their values in the order of the fields could be read as well;
/// but no document says so, and what was asked could not be told from what is kept of it.
fn is_named(value: &Value) -> bool {
    let is_fit = |field: &Value| match field {
        Value::Object(_) => is_named(field),
        Value::Array(items) => items.iter().all(is_named),
        _ => true,
    };
    value
        .as_object()
        .is_some_and(|fields| fields.values().all(is_fit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_no_object() {
        for (body, expected) in [
            (json!({}), true),
            (json!({ "amount_minor": 1, "reason": null }), true),
            (
                json!({ "lines": [{ "line_number": 1, "amount_minor": 1 }] }),
                true,
            ),
            (
                json!({ "lines": [{ "discounts": [{ "amount_minor": 1 }] }] }),
                true,
            ),
            (json!([]), false),
            (json!([1]), false),
            (json!(null), false),
            (json!({ "lines": [[1, 1]] }), false),
            (json!({ "lines": [{ "discounts": [[1, "partner"]] }] }), false),
        ] {
            assert_eq!(is_named(&body), expected, "{body}");
        }
    }
}
