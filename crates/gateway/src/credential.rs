//! Finding the credential in a request.

use contracts::internal::Credential;
use http::Method;
use http::header::{self, HeaderMap, HeaderName};

/// The cookie with a browser's session token.
const COOKIE: &str = "jeongsan_session";
/// A key or token is 67 characters; what is longer than this is none, and is not asked about.
const LONGEST: usize = 128;
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a request shows of its caller.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Nothing that could be a credential.
    Nothing,
    /// A credential, still to be checked.
    Credential(Credential),
    /// A session cookie that another site had the browser send along with a change.
    ByAnotherSite,
}

/// What the request shows. A header goes before the cookie.
pub(crate) fn shown(method: &Method, headers: &HeaderMap) -> Shown {
    if headers.contains_key(header::AUTHORIZATION) {
        return headers
            .get(header::AUTHORIZATION)
            .and_then(|value| bearer(value.to_str().ok()?))
            .and_then(credential)
            .map_or(Shown::Nothing, Shown::Credential);
    }
    match cookie(headers).and_then(credential) {
        Some(session @ Credential::Session { .. }) => {
            if method.is_safe() || is_own_site(headers) {
                Shown::Credential(session)
            } else {
                Shown::ByAnotherSite
            }
        }
        _ => Shown::Nothing,
    }
}

/// The token, where the credential is a session.
pub(crate) fn session_token(credential: &Credential) -> Option<&str> {
    match credential {
        Credential::Session { token } => Some(token),
        Credential::ApiKey { .. } => None,
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
}

fn credential(text: &str) -> Option<Credential> {
    if text.len() > LONGEST {
        None
    } else if text.starts_with("sk_") {
        Some(Credential::ApiKey { key: text.to_owned() })
    } else if text.starts_with("st_") {
        Some(Credential::Session {
            token: text.to_owned(),
        })
    } else {
        None
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.trim())
}

/// Whether a browser says that the request comes from a page of ours, or from no page. Browsers too old to say so
/// send `Origin` with a change; who sends neither is no browser.
fn is_own_site(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text(&FETCH_SITE), text(&header::ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(&header::HOST)
        }
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(method: &Method, pairs: &[(&str, &str)]) -> String {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(n, v)| (n.parse::<HeaderName>().unwrap(), v.parse().unwrap()))
            .collect();
        match shown(method, &headers) {
            Shown::Nothing => "nothing".into(),
            Shown::ByAnotherSite => "another site".into(),
            Shown::Credential(Credential::ApiKey { key }) => format!("key {key}"),
            Shown::Credential(Credential::Session { token }) => format!("session {token}"),
        }
    }

    #[test]
    fn a_credential_is_found_where_it_belongs_and_nowhere_else() {
        let long = format!("Bearer sk_{}", "0".repeat(200));
        for (pairs, found) in [
            (vec![], "nothing"),
            (vec![("authorization", "Bearer sk_1")], "key sk_1"),
            (vec![("authorization", "bearer st_1")], "session st_1"),
            (
                vec![("authorization", "Bearer eyJhbGciOiJFZERTQSJ9.x.y")],
                "nothing",
            ),
            (vec![("authorization", "Basic sk_1")], "nothing"),
            (vec![("authorization", "sk_1")], "nothing"),
            (vec![("authorization", long.as_str())], "nothing"),
            (
                vec![("cookie", "a=b; jeongsan_session=st_1; c=d")],
                "session st_1",
            ),
            (vec![("cookie", "jeongsan_session=sk_1")], "nothing"),
            (vec![("cookie", "xjeongsan_session=st_1")], "nothing"),
            (
                vec![
                    ("cookie", "jeongsan_session=st_1"),
                    ("authorization", "Bearer sk_2"),
                ],
                "key sk_2",
            ),
            (
                vec![("cookie", "jeongsan_session=st_1"), ("authorization", "Bearer x")],
                "nothing",
            ),
        ] {
            assert_eq!(look(&Method::GET, &pairs), found, "{pairs:?}");
        }
    }

    #[test]
    fn another_site_cannot_change_anything_with_the_cookie() {
        let host = ("host", "shop.example");
        for (extra, own) in [
            (vec![], true),
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("origin", "https://shop.example"), host], true),
            (vec![("origin", "https://evil.example"), host], false),
            (vec![("origin", "null"), host], false),
            (vec![("origin", "null")], false),
        ] {
            let mut pairs = vec![("cookie", "jeongsan_session=st_1")];
            pairs.extend(extra);
            let found = if own { "session st_1" } else { "another site" };
            assert_eq!(look(&Method::POST, &pairs), found, "{pairs:?}");
            assert_eq!(look(&Method::GET, &pairs), "session st_1", "{pairs:?}");
        }
    }
}
