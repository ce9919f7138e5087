//! Extractors that say who calls, and refuse those who may not.

use axum::extract::FromRequestParts;
use contracts::Caller;
use http::request::Parts;

use crate::{Code, Problem};

fn caller(parts: &Parts) -> Result<&Caller, Problem> {
    parts.extensions.get::<Caller>().ok_or_else(|| {
        Problem::new(
            Code::Unauthenticated,
            "send an API key or a session token in the header Authorization: Bearer ...",
        )
    })
}

macro_rules! extractor {
    ($(#[$doc:meta])* $name:ident, $allowed:ident, $needs:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Caller);

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
                let caller = caller(parts)?;
                if caller.$allowed() {
                    Ok(Self(caller.clone()))
                } else {
                    Err(Problem::new(Code::Forbidden, concat!("this needs ", $needs)))
                }
            }
        }
    };
}

extractor! {
    /// Someone who may read payments, settlements and books.
    Reader, may_read, "a role"
}
extractor! {
    /// Someone who may change payments, partners, contracts and settlements.
    Operator, may_operate, "the role operator or administrator"
}
extractor! {
    /// Someone who may manage users and keys.
    Administrator, may_administer, "the role administrator"
}
extractor! {
    /// Another service of the platform.
    ServiceCaller, is_service, "to be a service of the platform"
}
