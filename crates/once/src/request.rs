//! What a key stands for: the caller, the route and the key together, and the body by its fingerprint.

use contracts::Caller;
use serde_json::Value;
use sha2::{Digest, Sha256};
use web::IdempotencyKey;

/// A request that is to be done once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyedRequest {
    /// SHA-256 of caller, route and key: two callers may use one key.
    pub scope: [u8; 32],
    /// SHA-256 of the canonical body.
    pub fingerprint: [u8; 32],
}

impl KeyedRequest {
    /// The request of `caller` to `route` (method and path, with the ids in it) under `key`, with `body`.
    pub fn new(caller: &Caller, route: &str, key: &IdempotencyKey, body: &Value) -> Self {
        let mut scope = Sha256::new();
        for part in [caller.id.as_str(), route, key.0.as_str()] {
            // The length before each part keeps ("ab", "c") apart from ("a", "bc").
            scope.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            scope.update(part.as_bytes());
        }
        let fingerprint = Sha256::digest(canonical(body).as_bytes());
        Self {
            scope: scope.finalize().into(),
            fingerprint: fingerprint.into(),
        }
    }
}

/// JSON with the keys of every object in order and no white space, so that the same content has the same text.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (place, (key, inner)) in entries.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(inner, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (place, inner) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                write(inner, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(caller: &str, route: &str, key: &str, body: &Value) -> KeyedRequest {
        let caller = Caller {
            id: caller.into(),
            roles: vec![],
        };
        KeyedRequest::new(&caller, route, &IdempotencyKey(key.into()), body)
    }

    #[test]
    fn the_order_of_fields_does_not_matter_and_that_of_items_does() {
        assert_eq!(
            canonical(&json!({"b": [1, {"d": 1, "c": 2}], "a": null})),
            r#"{"a":null,"b":[1,{"c":2,"d":1}]}"#
        );
        assert_ne!(canonical(&json!([1, 2])), canonical(&json!([2, 1])));
    }

    #[test]
    fn caller_route_and_key_make_the_scope() {
        let one = request("a", "POST /x", "k", &json!({}));
        for (caller, route, key) in [
            ("b", "POST /x", "k"),
            ("a", "POST /y", "k"),
            ("a", "POST /x", "l"),
        ] {
            assert_ne!(one.scope, request(caller, route, key, &json!({})).scope);
        }
        assert_ne!(
            request("ab", "c", "k", &json!({})).scope,
            request("a", "bc", "k", &json!({})).scope
        );
        assert_ne!(
            one.fingerprint,
            request("a", "POST /x", "k", &json!({"x": 1})).fingerprint
        );
    }
}
