//! What is refused of properties.

use serde_json::json;

use super::{Row, a, closed, number, object, tagged, text};

pub fn refused() -> Vec<Row> {
    vec![
        (
            "a property is removed",
            object(json!({ "a": text(), "b": text() }), &["a", "b"]),
            a(text()),
            &[("/properties/b", "is gone")],
        ),
        (
            "a property that could be missing is removed",
            object(json!({ "a": text(), "b": text() }), &["a"]),
            a(text()),
            &[("/properties/b", "is gone")],
        ),
        (
            "a property has another name",
            a(text()),
            object(json!({ "b": text() }), &["b"]),
            &[("/properties/a", "is gone"), ("/properties/b", "is required now")],
        ),
        (
            "a required property comes",
            a(text()),
            object(json!({ "a": text(), "b": text() }), &["a", "b"]),
            &[("/properties/b", "is required now")],
        ),
        (
            "a property becomes required",
            object(json!({ "a": text() }), &[]),
            a(text()),
            &[("/properties/a", "is required now")],
        ),
        (
            "a property may be missing from now on",
            a(text()),
            object(json!({ "a": text() }), &[]),
            &[("/properties/a", "may be missing now")],
        ),
        (
            "a property comes to an object that takes no others",
            closed(json!({ "a": text() }), &["a"]),
            closed(json!({ "a": text(), "b": text() }), &["a"]),
            &[("/properties/b", "is new in an object")],
        ),
        (
            "an object takes no others from now on",
            a(text()),
            closed(json!({ "a": text() }), &["a"]),
            &[("", "takes no unknown properties")],
        ),
        (
            "a form gets a property",
            tagged(&[("w", json!({})), ("x", json!({}))]),
            tagged(&[("w", json!({})), ("x", json!({ "b": text() }))]),
            &[("/oneOf/1/properties/b", "is new in an object")],
        ),
        (
            "what a missing property means",
            object(json!({ "a": { "type": "string", "default": "x" } }), &[]),
            object(json!({ "a": { "type": "string", "default": "y" } }), &[]),
            &[("/properties/a", "means something else")],
        ),
        (
            "a default beside a reference",
            json!({ "$ref": "#/$defs/A", "default": "x", "$defs": { "A": text() } }),
            json!({ "$ref": "#/$defs/A", "default": "y", "$defs": { "A": text() } }),
            &[("/$defs/A", "means something else")],
        ),
        (
            "a default beside the second reference to a part",
            twice(json!("x")),
            twice(json!("y")),
            &[("/$defs/A", "means something else")],
        ),
        (
            "a property that took everything takes nothing",
            object(json!({ "a": true }), &[]),
            object(json!({ "a": false }), &[]),
            &[("/properties/a", "another type")],
        ),
        (
            "a name with a slash",
            object(json!({ "a/b": text() }), &[]),
            object(json!({ "a/b": number(0) }), &[]),
            &[
                ("/properties/a~1b", "another type"),
                ("/properties/a~1b", "another `format`"),
                ("/properties/a~1b", "another `minimum`"),
            ],
        ),
    ]
}

/// Two properties of one part, of which the second has a default.
fn twice(default: serde_json::Value) -> serde_json::Value {
    let mut whole = object(
        json!({ "a": { "$ref": "#/$defs/A" }, "b": { "$ref": "#/$defs/A", "default": default } }),
        &[],
    );
    whole["$defs"] = json!({ "A": text() });
    whole
}
