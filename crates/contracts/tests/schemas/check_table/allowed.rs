//! What both sides can read.

use serde_json::json;

use super::{Row, a, closed, number, object, tagged, text, tree, with_part, words};

pub fn allowed() -> Vec<Row> {
    vec![
        ("nothing", a(number(0)), a(number(0)), &[]),
        (
            "words for people",
            json!({ "type": "string", "title": "A", "description": "b", "examples": ["c"] }),
            json!({ "type": "string", "title": "D", "deprecated": true }),
            &[],
        ),
        (
            "a property that may be missing",
            a(text()),
            object(json!({ "a": text(), "b": text() }), &["a"]),
            &[],
        ),
        (
            "an object takes what it does not know from now on",
            closed(json!({ "a": text() }), &["a"]),
            a(text()),
            &[],
        ),
        (
            "a part has another name",
            with_part("Old", number(1)),
            with_part("New", number(1)),
            &[],
        ),
        (
            "a part is written out",
            with_part("Part", number(1)),
            a(number(1)),
            &[],
        ),
        (
            "null is written another way",
            a(json!({ "type": ["string", "null"] })),
            a(json!({ "oneOf": [{ "type": "null" }, { "type": "string" }] })),
            &[],
        ),
        (
            "the order of values",
            a(words(&["x", "y"])),
            a(words(&["y", "x"])),
            &[],
        ),
        (
            "the order of forms",
            tagged(&[("x", json!({ "a": text() })), ("y", json!({}))]),
            tagged(&[("y", json!({})), ("x", json!({ "a": text() }))]),
            &[],
        ),
        (
            "a default is told",
            object(json!({ "a": { "type": "string" } }), &[]),
            object(json!({ "a": { "type": "string", "default": "x" } }), &[]),
            &[],
        ),
        ("a type within itself", tree(text()), tree(text()), &[]),
    ]
}
