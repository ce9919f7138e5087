//! Errors as clients see them: RFC 9457 `application/problem+json`, with one registry of codes.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:ident, $title:literal;)*) => {
        /// Every code that an answer can carry. A code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl utoipa::PartialSchema for Code {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                crate::words_schema("What is wrong, for programs. A code never changes its meaning.", &[$($code),*])
            }
        }

        impl ToSchema for Code {}

        impl Code {
            /// All of them, for the documentation.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// As it stands in `code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The status that goes with it.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),* }
            }

            fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }
        }
    };
}

codes! {
    /// The body is not JSON, or a query parameter has the wrong form.
    MalformedRequest = "malformed_request", BAD_REQUEST, "The request can't be read";
    /// A field is unknown, missing, of the wrong type, or out of range.
    InvalidField = "invalid_field", UNPROCESSABLE_ENTITY, "A field of the request is not valid";
    /// A POST that moves money came without its key.
    IdempotencyKeyMissing = "idempotency_key_missing", BAD_REQUEST, "The Idempotency-Key header is missing or not valid";
    /// The key was used before with another body.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used with another request";
    /// The first request with this key has not been answered yet.
    RequestInProgress = "request_in_progress", CONFLICT, "The first request with this Idempotency-Key is still running";
    /// No credential, or one that is not known, expired or revoked.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Who calls is not known";
    /// The caller is known and may not do this.
    Forbidden = "forbidden", FORBIDDEN, "The caller may not do this";
    /// There is nothing at this address.
    NotFound = "not_found", NOT_FOUND, "There is no such thing";
    /// The address is right, the method is not.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    /// The state of the thing does not allow this now.
    Conflict = "conflict", CONFLICT, "The present state does not allow this";
    /// Something with this reference exists already.
    AlreadyExists = "already_exists", CONFLICT, "This exists already";
    /// The body is larger than allowed.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The content type is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The content type is not supported";
    /// The caller sent too much in a short time.
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests";
    /// A text of the request holds a card number. Nothing of the request was kept or logged.
    CardNumberRefused = "card_number_refused", UNPROCESSABLE_ENTITY, "Card numbers are not taken here";
    /// A partner named in the request is not known.
    UnknownPartner = "unknown_partner", UNPROCESSABLE_ENTITY, "A partner is not known";
    /// No contract of the partner covers this currency.
    CurrencyNotContracted = "currency_not_contracted", UNPROCESSABLE_ENTITY, "No contract of the partner covers this currency";
    /// The amounts of a payment do not add up.
    AmountMismatch = "amount_mismatch", UNPROCESSABLE_ENTITY, "The amounts do not add up";
    /// More is asked for than is left.
    AmountBeyond = "amount_beyond_what_is_left", UNPROCESSABLE_ENTITY, "There is less left than is asked for";
    /// What was needed did not answer in time; the outcome, if any, can be asked for.
    Timeout = "timeout", GATEWAY_TIMEOUT, "The answer took too long";
    /// A service that is needed for this does not answer.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "A service needed for this is not available";
    /// A fault of ours.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side";
}

/// One thing that is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer into the body, or the name of a parameter or header.
    pub pointer: String,
    /// What kind of fault.
    pub code: Code,
    /// What is wrong, and how to mend it.
    pub detail: String,
}

/// An error on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A URI that stands for the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong in this case, and how to mend it.
    pub detail: String,
    /// For programs.
    pub code: Code,
    /// The single fields, where the fault is in fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What to tell the operator when asking about this answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// Seconds after which it may be tried again.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem of that code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:jeongsan:problem:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status().as_u16(),
            detail: detail.into(),
            code,
            errors: Vec::new(),
            request_id: String::new(),
            retry_after: None,
        }
    }

    /// One field is wrong. `pointer` is a JSON pointer such as `/lines/0/price`.
    pub fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError {
            pointer: pointer.into(),
            code: Code::InvalidField,
            detail: detail.into(),
        }])
    }

    /// Several fields are wrong. The problem has the code of the first.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let code = errors.first().map_or(Code::InvalidField, |e| e.code);
        let detail = errors
            .iter()
            .map(|e| format!("{}: {}", e.pointer, e.detail))
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            errors,
            ..Self::new(code, detail)
        }
    }

    /// There is no `what`.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("there is no {what}"))
    }

    /// Tells the client when to come again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A fault of ours: logged here, once, with its whole chain; the client learns nothing but its request id.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !chain.contains(&text) {
                chain = format!("{chain}: {text}");
            }
            source = cause.source();
        }
        tracing::error!(error = chain, "a request failed by a fault of ours");
        Self::new(
            Code::Internal,
            "it was logged; name the request id when you ask about it",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let retry_after = self.retry_after.map(HeaderValue::from);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(value) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        // So that the layer which knows the request id can write it in.
        response.extensions_mut().insert(self);
        response
    }
}
