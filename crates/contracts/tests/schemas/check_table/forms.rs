//! What is refused of null, of choices and of parts; and what the check can't judge.

use serde_json::json;

use super::{Row, a, number, tagged, text, tree, with_part, words};

pub fn refused() -> Vec<Row> {
    vec![
        (
            "null comes among the types",
            a(text()),
            a(json!({ "type": ["string", "null"] })),
            &[("/properties/a", "may be null now")],
        ),
        (
            "null comes by a choice",
            a(text()),
            a(json!({ "oneOf": [{ "type": "null" }, { "type": "string" }] })),
            &[("/properties/a/oneOf/1", "may be null now")],
        ),
        (
            "null goes",
            a(json!({ "type": ["string", "null"] })),
            a(text()),
            &[("/properties/a", "may not be null any more")],
        ),
        (
            "a form comes",
            tagged(&[("x", json!({}))]),
            tagged(&[("w", json!({})), ("x", json!({}))]),
            &[("/oneOf/0", "is a new form")],
        ),
        (
            "a form goes",
            tagged(&[("w", json!({})), ("x", json!({}))]),
            tagged(&[("x", json!({}))]),
            &[("/oneOf/0", "form of this value that is gone")],
        ),
        (
            "a part changes",
            with_part("Part", number(0)),
            with_part("Part", number(1)),
            &[("/$defs/Part", "another `minimum`")],
        ),
        (
            "a type within itself changes",
            tree(text()),
            tree(words(&["x"])),
            &[("/$defs/Node/properties/leaf", "another `enum`")],
        ),
        (
            "a keyword that the check does not know",
            a(json!({ "type": "object", "patternProperties": { "^x": { "type": "string" } } })),
            a(json!({ "type": "object", "patternProperties": { "^y": { "type": "string" } } })),
            &[("/properties/a", "can't judge")],
        ),
        (
            "a reference that leads nowhere",
            a(text()),
            a(json!({ "type": "string", "$ref": "#/$defs/Nobody" })),
            &[("/properties/a", "can't judge")],
        ),
    ]
}
