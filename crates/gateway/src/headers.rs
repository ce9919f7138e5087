//! What of a request's and an answer's headers goes through the gateway.

use std::net::IpAddr;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Headers of one connection, not of the message (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Headers that end here: credentials, what belongs to the client's connection, and what only we may say.
const OURS: [HeaderName; 7] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::HOST,
    header::EXPECT,
    header::FORWARDED,
    HeaderName::from_static("x-real-ip"),
    SESSION_TOKEN,
];

/// Hands a session's token to the user service where that has to know which session it is.
pub(crate) const SESSION_TOKEN: HeaderName = HeaderName::from_static("x-session-token");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What we know of a request that its headers don't decide.
pub(crate) struct Known<'a> {
    /// Where the client is.
    pub(crate) client: Option<IpAddr>,
    /// The request's id.
    pub(crate) request_id: &'a str,
    /// The session token to hand on.
    pub(crate) session_token: Option<&'a str>,
}

/// The headers under which a request goes on.
pub(crate) fn onward(received: &HeaderMap, known: &Known<'_>) -> HeaderMap {
    let mut headers = received.clone();
    strip_hop_by_hop(&mut headers);
    let host = headers.get(header::HOST).cloned();
    for name in OURS {
        headers.remove(name);
    }
    let forwarded: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-forwarded-"))
        .cloned()
        .collect();
    for name in forwarded {
        headers.remove(name);
    }
    if let Some(host) = host {
        headers.insert(FORWARDED_HOST, host);
    }
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
    let texts = [
        (FORWARDED_FOR, known.client.map(|ip| ip.to_string())),
        (web::REQUEST_ID, Some(known.request_id.to_owned())),
        (SESSION_TOKEN, known.session_token.map(str::to_owned)),
    ];
    for (name, text) in texts {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Removes the headers of one connection, those that `Connection` names among them.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| {
                (
                    n.parse::<HeaderName>().unwrap(),
                    v.parse::<HeaderValue>().unwrap(),
                )
            })
            .collect()
    }

    fn known(session_token: Option<&str>) -> Known<'_> {
        Known {
            client: Some("192.0.2.7".parse().unwrap()),
            request_id: "req_1",
            session_token,
        }
    }

    #[test]
    fn what_belongs_to_the_connection_or_to_us_does_not_go_on() {
        for (name, value) in [
            ("connection", "close"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic x"),
            ("proxy-connection", "keep-alive"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("authorization", "Bearer sk_1"),
            ("cookie", "jeongsan_session=st_1"),
            ("host", "evil.example"),
            ("expect", "100-continue"),
            ("forwarded", "for=10.0.0.1"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-prefix", "/internal"),
            ("x-real-ip", "10.0.0.1"),
            ("x-session-token", "st_stolen"),
        ] {
            let sent = onward(&map(&[(name, value)]), &known(None));
            assert!(!sent.contains_key(name), "{name}");
        }
    }

    #[test]
    fn what_connection_names_does_not_go_on() {
        let received = map(&[
            ("connection", "close, X-Secret"),
            ("x-secret", "1"),
            ("x-other", "2"),
        ]);
        let sent = onward(&received, &known(None));
        assert!(!sent.contains_key("x-secret"));
        assert_eq!(sent.get("x-other").unwrap(), "2");
    }

    #[test]
    fn where_a_request_came_from_is_what_we_saw() {
        let received = map(&[
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
            ("x-request-id", "theirs"),
            ("host", "shop.example"),
        ]);
        let sent = onward(&received, &known(Some("st_1")));
        for (name, value) in [
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "shop.example"),
            ("x-request-id", "req_1"),
            ("x-session-token", "st_1"),
        ] {
            let values: Vec<_> = sent.get_all(name).iter().collect();
            assert_eq!(values, [value], "{name}");
        }
    }

    #[test]
    fn what_the_request_is_about_goes_on() {
        let pairs = [
            ("content-type", "application/json"),
            ("idempotency-key", "k"),
            ("accept", "application/json"),
            ("content-length", "2"),
        ];
        let sent = onward(&map(&pairs), &known(None));
        for (name, value) in pairs {
            assert_eq!(sent.get(name).unwrap(), value, "{name}");
        }
    }
}
