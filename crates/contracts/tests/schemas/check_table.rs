//! The check, by a row for each kind of change.

mod allowed;
mod forms;
mod properties;
mod values;

use serde_json::{Value, json};

use crate::check::check;

/// What changes, the schema before and after, and what is refused: where, and a part of what is said.
type Row = (
    &'static str,
    Value,
    Value,
    &'static [(&'static str, &'static str)],
);

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn closed(properties: Value, required: &[&str]) -> Value {
    let mut object = object(properties, required);
    object["additionalProperties"] = json!(false);
    object
}

fn a(schema: Value) -> Value {
    object(json!({ "a": schema }), &["a"])
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn number(minimum: i64) -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": minimum })
}

fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// A choice of objects that `kind` tells apart.
fn tagged(variants: &[(&str, Value)]) -> Value {
    let variants = variants.iter().map(|(kind, properties)| {
        let mut properties = properties.clone();
        properties["kind"] = words(&[kind]);
        object(properties, &["kind"])
    });
    json!({ "oneOf": variants.collect::<Vec<_>>() })
}

/// `a` is a part under that name.
fn with_part(name: &str, part: Value) -> Value {
    let mut whole = a(json!({ "$ref": format!("#/$defs/{name}") }));
    whole["$defs"] = json!({ name: part });
    whole
}

/// A part that contains itself.
fn tree(leaf: Value) -> Value {
    let node = object(
        json!({ "leaf": leaf, "below": { "type": "array", "items": { "$ref": "#/$defs/Node" } } }),
        &["leaf"],
    );
    with_part("Node", node)
}

fn rows() -> Vec<Row> {
    [
        allowed::allowed(),
        properties::refused(),
        values::refused(),
        forms::refused(),
    ]
    .concat()
}

#[test]
fn what_both_sides_can_read_is_allowed_and_all_else_is_refused() {
    for (name, old, new, expected) in rows() {
        let found = check(&old, &new);
        let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{name}: {texts:#?}");
        for (one, (pointer, part)) in found.iter().zip(expected) {
            let text = one.to_string();
            assert_eq!(one.pointer, *pointer, "{name}: {text}");
            assert!(text.contains(part), "{name}: {text}");
            assert!(
                text.contains("a new schema version"),
                "{name} says no remedy: {text}"
            );
        }
    }
}

#[test]
fn a_required_property_is_told_to_have_a_default() {
    let new = object(json!({ "a": text(), "b": text() }), &["a", "b"]);
    let found = check(&a(text()), &new);
    let [only] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        only.to_string(),
        "/properties/b is required now, and older events don't have it: give it a default (`#[serde(default)]`), or the \
         topic a new schema version"
    );
}
