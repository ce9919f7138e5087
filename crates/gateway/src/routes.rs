//! Which service answers which address: a table.

use http::Method;

/// Addresses and the service that answers them. A pattern stands for itself and all that is below it; one that ends
/// in `*` for every first word that goes on from there. What is not here is not reachable.
const ROUTES: &[(&str, &str)] = &[
    ("/v1/users", "user"),
    ("/v1/sessions", "user"),
    ("/v1/roles", "user"),
    ("/v1/api-keys", "user"),
    ("/v1/partners", "partner"),
    ("/v1/contracts", "partner"),
    ("/v1/payments", "payment"),
    ("/v1/payment-methods", "payment"),
    ("/v1/disputes", "payment"),
    ("/v1/webhooks", "payment"),
    ("/v1/routing", "payment"),
    ("/v1/settlements", "settlement"),
    ("/v1/settlement-*", "settlement"),
    ("/v1/waiting-lines", "settlement"),
    ("/v1/accounts", "accounting"),
    ("/v1/journal-entries", "accounting"),
    ("/v1/ledgers", "accounting"),
    ("/v1/trial-balance", "accounting"),
    ("/v1/breaks", "accounting"),
    ("/v1/periods", "accounting"),
    ("/v1/notifications", "notification"),
    ("/v1/reports", "reporting"),
];

/// The services behind the gateway, in the order in which people read of them.
pub(crate) const SERVICES: &[&str] = &[
    "user",
    "partner",
    "payment",
    "settlement",
    "accounting",
    "notification",
    "reporting",
];

/// What needs no credential: logging in, and webhooks, which show who they are from by their signatures.
const OPEN: &[(Method, &str)] = &[(Method::POST, LOG_IN), (Method::POST, "/v1/webhooks/*")];
const LOG_IN: &str = "/v1/sessions";

/// Where the user service has to know which session it is.
const OWN_SESSION: &str = "/v1/sessions/current";

/// Addresses that take larger bodies than `http.body_limit`, in bytes; `*` stands for one word.
const BODY_LIMITS: &[(&str, usize)] = &[
    ("/v1/disputes/*/evidence", web::EVIDENCE_LIMIT),
    ("/v1/payments/batch", web::BATCH_LIMIT),
    ("/v1/partners/batch", web::BATCH_LIMIT),
];

/// Where a request goes, and on what terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// The service that answers.
    pub(crate) service: &'static str,
    /// Whether it takes nobody for a caller.
    pub(crate) open: bool,
    /// Whether the session token is handed on.
    pub(crate) own_session: bool,
    /// The largest body in bytes, where it is not the usual one.
    pub(crate) body_limit: Option<usize>,
    /// Whether it may change who is let in.
    pub(crate) changes_access: bool,
}

/// Where a request goes; none where nobody answers.
pub(crate) fn find(method: &Method, path: &str) -> Option<Target> {
    let service = service_of(path).filter(|_| is_plain(path))?;
    let open = OPEN.iter().any(|(m, p)| m == method && is(p, path));
    Some(Target {
        service,
        open,
        own_session: path == OWN_SESSION,
        body_limit: BODY_LIMITS
            .iter()
            .find(|(address, _)| is(address, path))
            .map(|(_, limit)| *limit),
        changes_access: service == "user" && !method.is_safe() && !open,
    })
}

/// The service that answers an address, or a pattern of addresses as its document has it.
pub(crate) fn service_of(path: &str) -> Option<&'static str> {
    ROUTES
        .iter()
        .find(|(pattern, _)| covers(pattern, path))
        .map(|(_, service)| *service)
}

fn covers(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(stem) => path
            .strip_prefix(stem)
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/')),
        None => path
            .strip_prefix(pattern)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

/// Whether a path is `address`, of which `*` stands for one word.
fn is(address: &str, path: &str) -> bool {
    let mut words = path.split('/');
    let fits = |wanted: &str| {
        words
            .next()
            .is_some_and(|word| wanted == word || wanted == "*" && !word.is_empty())
    };
    address.split('/').all(fits) && words.next().is_none()
}

/// A path that everyone reads alike: no step up, no empty part, no hidden separator. Services don't resolve these,
/// but a proxy between us and them might.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let hides = ["%2f", "%5c", "\\", "%00"]
        .iter()
        .any(|part| lower.contains(part));
    let steps = lower
        .replace("%2e", ".")
        .split('/')
        .skip(1)
        .any(|part| matches!(part, "" | "." | ".."));
    !hides && !steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_goes_to_the_service_that_owns_it() {
        for (path, service) in [
            ("/v1/users", Some("user")),
            ("/v1/users/me", Some("user")),
            ("/v1/sessions/current", Some("user")),
            ("/v1/roles", Some("user")),
            ("/v1/api-keys/key_1", Some("user")),
            ("/v1/payments", Some("payment")),
            ("/v1/payments/pay_1/refunds", Some("payment")),
            ("/v1/payment-methods", Some("payment")),
            ("/v1/webhooks", Some("payment")),
            ("/v1/settlements/stl_1", Some("settlement")),
            ("/v1/settlement-lines", Some("settlement")),
            ("/v1/settlement-holds/hld_1", Some("settlement")),
            ("/v1/waiting-lines", Some("settlement")),
            ("/v1/partners/batch", Some("partner")),
            ("/v1/contracts/con_1", Some("partner")),
            ("/v1/accounts", Some("accounting")),
            ("/v1/journal-entries", Some("accounting")),
            ("/v1/ledgers", Some("accounting")),
            ("/v1/trial-balance", Some("accounting")),
            ("/v1/breaks", Some("accounting")),
            ("/v1/periods/2026-11/close", Some("accounting")),
            ("/v1/notifications", Some("notification")),
            ("/v1/reports/daily", Some("reporting")),
            ("/v1/paymentsx", None),
            ("/v1/settlement-", None),
            ("/v1/settlement-/x", None),
            ("/v1", None),
            ("/v2/payments", None),
            ("/metrics", None),
        ] {
            let found = find(&Method::GET, path);
            assert_eq!(found.map(|t| t.service), service, "{path}");
        }
    }

    #[test]
    fn nothing_internal_is_reachable_by_any_spelling() {
        for path in [
            "/internal/v1/authenticate",
            "/internal/v1/events/payment-completed",
            "/Internal/v1/authenticate",
            "/v1/../internal/v1/authenticate",
            "/v1/users/../../internal/v1/authenticate",
            "/v1/users/%2e%2e/%2E%2e/internal/v1/authenticate",
            "/v1/users/..%2f..%2finternal/v1/authenticate",
            "/v1/users/..%5c..%5cinternal",
            "/v1/users/..\\..\\internal",
            "/v1/users//internal",
            "/v1/users/.",
            "/v1/users/",
            "//internal/v1/authenticate",
        ] {
            for method in [Method::GET, Method::POST] {
                assert_eq!(find(&method, path), None, "{path}");
            }
        }
    }

    #[test]
    fn only_logging_in_and_webhooks_need_no_credential() {
        for (method, path, open) in [
            (Method::POST, "/v1/sessions", true),
            (Method::GET, "/v1/sessions", false),
            (Method::POST, "/v1/sessions/current", false),
            (Method::DELETE, "/v1/sessions/current", false),
            (Method::POST, "/v1/payments", false),
            (Method::POST, "/v1/webhooks/simulator", true),
            (Method::GET, "/v1/webhooks/simulator", false),
            (Method::POST, "/v1/webhooks/simulator/more", false),
            (Method::POST, "/v1/webhooks", false),
            (Method::GET, "/v1/webhooks", false),
        ] {
            assert_eq!(find(&method, path).unwrap().open, open, "{method} {path}");
        }
    }

    #[test]
    fn what_changes_access_is_known() {
        for (method, path, changes) in [
            (Method::DELETE, "/v1/sessions/current", true),
            (Method::DELETE, "/v1/api-keys/key_1", true),
            (Method::PATCH, "/v1/users/usr_1", true),
            (Method::GET, "/v1/users/usr_1", false),
            (Method::POST, "/v1/sessions", false),
            (Method::POST, "/v1/payments", false),
        ] {
            assert_eq!(
                find(&method, path).unwrap().changes_access,
                changes,
                "{method} {path}"
            );
        }
    }

    #[test]
    fn every_route_leads_to_a_service_that_is_shown_and_no_pattern_hides_another() {
        for (place, (pattern, service)) in ROUTES.iter().enumerate() {
            assert!(SERVICES.contains(service), "{service}");
            for (other, _) in &ROUTES[..place] {
                assert!(
                    !covers(other, pattern.trim_end_matches('*')),
                    "{other} hides {pattern}"
                );
            }
        }
        for service in SERVICES {
            assert!(ROUTES.iter().any(|(_, s)| s == service), "{service}");
        }
    }
}
