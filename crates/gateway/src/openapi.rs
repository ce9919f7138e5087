//! One OpenAPI document of many.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::routes;

const SCHEMAS: &str = "#/components/schemas/";

/// The documents of services as one: the addresses that the gateway routes, with the schemas they use. Where two
/// services mean different things by one name, the later one's gets the service's name before it.
pub(crate) fn merge(documents: &[(&str, Value)]) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for (service, document) in documents {
        let own = object(document.pointer("/components/schemas"));
        let clashing = clashing(&schemas, &own);
        let rename = |name: &str| {
            if clashing.contains(name) {
                format!("{}{name}", capital(service))
            } else {
                name.to_owned()
            }
        };
        for (name, mut schema) in own {
            renamed(&mut schema, &rename);
            schemas.insert(rename(&name), schema);
        }
        for (path, mut item) in object(document.get("paths")) {
            if routes::service_of(&path) == Some(service) {
                renamed(&mut item, &rename);
                describe(&mut item, &path, service);
                paths.insert(path, item);
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Jeongsan",
            "description": "Payments for marketplaces, settlement with partners, and the books. \
                            Amounts are whole numbers of minor units.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }, { "cookie": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "An API key (sk_...) or the token of a session (st_...).",
                },
                "cookie": {
                    "type": "apiKey", "in": "cookie", "name": "jeongsan_session",
                    "description": "The token of a session, for browsers.",
                },
            },
        },
    })
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value.and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The names that mean something else here than there: those whose schemas differ, and those that lead to such one.
fn clashing(there: &Map<String, Value>, here: &Map<String, Value>) -> BTreeSet<String> {
    let mut clashing: BTreeSet<String> = here
        .iter()
        .filter(|(name, schema)| there.get(*name).is_some_and(|other| other != *schema))
        .map(|(name, _)| name.clone())
        .collect();
    loop {
        let more: Vec<String> = here
            .iter()
            .filter(|(name, _)| there.contains_key(*name) && !clashing.contains(*name))
            .filter(|(_, schema)| uses_any(schema, &clashing))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return clashing;
        }
        clashing.extend(more);
    }
}

fn uses_any(value: &Value, names: &BTreeSet<String>) -> bool {
    match value {
        Value::String(text) => text
            .strip_prefix(SCHEMAS)
            .is_some_and(|name| names.contains(name)),
        Value::Array(items) => items.iter().any(|item| uses_any(item, names)),
        Value::Object(map) => map.values().any(|item| uses_any(item, names)),
        _ => false,
    }
}

/// Rewrites the references to schemas.
fn renamed(value: &mut Value, rename: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(SCHEMAS) {
                *text = format!("{SCHEMAS}{}", rename(name));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| renamed(item, rename)),
        Value::Object(map) => map.values_mut().for_each(|item| renamed(item, rename)),
        _ => {}
    }
}

/// Gives each operation an id that no other has, and a tag.
fn describe(item: &mut Value, path: &str, service: &str) {
    let words: Vec<&str> = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let Some(operations) = item.as_object_mut() else {
        return;
    };
    for (method, operation) in operations {
        let Some(operation) = operation.as_object_mut() else {
            continue;
        };
        operation.insert(
            "operationId".to_owned(),
            json!(format!("{method}_{}", words.join("_"))),
        );
        operation.entry("tags").or_insert_with(|| json!([service]));
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(path: &str, schemas: &Value) -> Value {
        json!({
            "openapi": "3.1.0",
            "paths": {
                path: { "get": { "operationId": "list", "responses": { "200": {
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Page" } } } } } } },
                "/internal/v1/authenticate": { "post": {} },
                "/v1/somewhere-else": { "get": {} },
            },
            "components": { "schemas": schemas },
        })
    }

    fn page_of(field: &str) -> Value {
        json!({
            "Page": { "type": "array", "items": { "$ref": "#/components/schemas/Item" } },
            "Item": { "type": "object", "properties": { field: { "type": "string" } } },
            "Problem": { "type": "object" },
        })
    }

    fn schema_of(merged: &Value, path: &str) -> String {
        let operation = &merged["paths"][path]["get"];
        operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn only_what_is_routed_to_the_service_is_shown() {
        let merged = merge(&[("user", document("/v1/users", &page_of("a")))]);
        let paths: Vec<_> = merged["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths, ["/v1/users"]);
        let strange = merge(&[("payment", document("/v1/users", &page_of("a")))]);
        assert!(strange["paths"].as_object().unwrap().is_empty());
    }

    #[test]
    fn names_that_mean_the_same_are_shared_and_others_are_kept_apart() {
        let merged = merge(&[
            ("user", document("/v1/users", &page_of("a"))),
            ("payment", document("/v1/payments", &page_of("b"))),
            ("partner", document("/v1/partners", &page_of("a"))),
        ]);
        let names: Vec<_> = merged["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(names, ["Page", "Item", "Problem", "PaymentPage", "PaymentItem"]);
        assert_eq!(schema_of(&merged, "/v1/users"), "#/components/schemas/Page");
        assert_eq!(schema_of(&merged, "/v1/partners"), "#/components/schemas/Page");
        // Page reads the same everywhere, but leads to an Item that does not.
        assert_eq!(
            schema_of(&merged, "/v1/payments"),
            "#/components/schemas/PaymentPage"
        );
        assert_eq!(
            merged["components"]["schemas"]["PaymentPage"]["items"]["$ref"],
            "#/components/schemas/PaymentItem"
        );
    }

    #[test]
    fn no_two_operations_have_one_id() {
        let merged = merge(&[
            ("user", document("/v1/users/{id}", &json!({}))),
            ("payment", document("/v1/payments", &json!({}))),
        ]);
        let id = |path: &str| merged["paths"][path]["get"]["operationId"].clone();
        assert_eq!(id("/v1/users/{id}"), "get_v1_users_id");
        assert_eq!(id("/v1/payments"), "get_v1_payments");
        assert_eq!(merged["paths"]["/v1/payments"]["get"]["tags"], json!(["payment"]));
    }
}
