//! Forms as Stripe reads them: `metadata[a]=1&expand[]=b` is `{"metadata": {"a": "1"}, "expand": ["b"]}`.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// A form as a tree of texts.
pub(super) fn parse(text: &str) -> Value {
    let mut root = Value::Object(Map::new());
    for field in text.split('&').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=').expect("a name and a value");
        let decoded = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .expect("UTF-8")
                .into_owned()
        };
        put(&mut root, &decoded(name), decoded(value));
    }
    root
}

fn put(root: &mut Value, name: &str, text: String) {
    let (first, rest) = name.split_once('[').unwrap_or((name, ""));
    let mut place = &mut root[first];
    if !rest.is_empty() {
        for part in rest.trim_end_matches(']').split("][") {
            if part.is_empty() {
                if place.is_null() {
                    *place = Value::Array(Vec::new());
                }
                let items = place.as_array_mut().expect("a list");
                items.push(Value::Null);
                place = items.last_mut().unwrap();
            } else {
                place = &mut place[part];
            }
        }
    }
    *place = Value::String(text);
}

/// A whole number of a form.
pub(super) fn number(form: &Value, name: &str) -> i64 {
    form[name].as_str().expect("a number").parse().expect("a number")
}

/// A text of a form; empty where it is not there.
pub(super) fn text<'a>(form: &'a Value, pointer: &str) -> &'a str {
    form.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nested_names_make_a_tree() {
        assert_eq!(
            parse("a=1&b%5Bc%5D%5Bd%5D=x+y%20%26&e%5B%5D=1&e%5B%5D=2"),
            json!({"a": "1", "b": {"c": {"d": "x+y &"}}, "e": ["1", "2"]})
        );
    }
}
