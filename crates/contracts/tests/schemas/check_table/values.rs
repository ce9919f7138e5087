//! What is refused of single values.

use serde_json::json;

use super::{Row, a, number, text, words};

pub fn refused() -> Vec<Row> {
    vec![
        (
            "a text becomes a number",
            a(text()),
            a(json!({ "type": "integer" })),
            &[("/properties/a", "another type")],
        ),
        (
            "a whole number becomes any number",
            a(json!({ "type": "integer" })),
            a(json!({ "type": "number" })),
            &[("/properties/a", "another type")],
        ),
        (
            "the items of a list change",
            a(json!({ "type": "array", "items": text() })),
            a(json!({ "type": "array", "items": number(0) })),
            &[
                ("/properties/a/items", "another type"),
                ("/properties/a/items", "another `format`"),
                ("/properties/a/items", "another `minimum`"),
            ],
        ),
        (
            "a value comes",
            a(words(&["x"])),
            a(words(&["x", "y"])),
            &[("/properties/a", "new value \"y\"")],
        ),
        (
            "a value goes",
            a(words(&["x", "y"])),
            a(words(&["x"])),
            &[("/properties/a", "lacks the value \"y\"")],
        ),
        (
            "any text becomes one of some",
            a(text()),
            a(words(&["x"])),
            &[("/properties/a", "another `enum`")],
        ),
        (
            "a minimum goes up",
            a(number(0)),
            a(number(1)),
            &[("/properties/a", "another `minimum`")],
        ),
        (
            "a minimum goes down",
            a(number(1)),
            a(number(0)),
            &[("/properties/a", "another `minimum`")],
        ),
        (
            "a maximum comes",
            a(json!({ "type": "integer" })),
            a(json!({ "type": "integer", "maximum": 9 })),
            &[("/properties/a", "another `maximum`")],
        ),
        (
            "a number gets narrower",
            a(json!({ "type": "integer", "format": "int64" })),
            a(json!({ "type": "integer", "format": "int32" })),
            &[("/properties/a", "another `format`")],
        ),
        (
            "an instant becomes a day",
            a(json!({ "type": "string", "format": "date-time" })),
            a(json!({ "type": "string", "format": "date" })),
            &[("/properties/a", "another `format`")],
        ),
        (
            "a pattern changes",
            a(json!({ "type": "string", "pattern": "^pay_" })),
            a(json!({ "type": "string", "pattern": "^pmt_" })),
            &[("/properties/a", "another `pattern`")],
        ),
    ]
}
