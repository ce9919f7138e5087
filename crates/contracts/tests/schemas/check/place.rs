//! A place in a schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What leads from one schema to another.
const LEAD_ON: &[&str] = &["$ref", "oneOf", "anyOf"];

/// A schema and where it stands in its document.
#[derive(Clone)]
pub struct Place<'a> {
    /// What it says.
    pub schema: &'a Value,
    /// What led here: the schemas around a reference, whose other keywords hold too.
    around: Vec<&'a Value>,
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
    nullable: bool,
}

impl<'a> Place<'a> {
    /// The whole document.
    pub fn top(schema: &'a Value) -> Self {
        Self {
            schema,
            around: Vec::new(),
            pointer: String::new(),
            nullable: false,
        }
    }

    /// The schema that stands there below this one.
    pub fn below(&self, schema: &'a Value, steps: &[&str]) -> Self {
        let escaped = steps
            .iter()
            .map(|step| step.replace('~', "~0").replace('/', "~1"));
        let pointer = escaped.fold(self.pointer.clone(), |pointer, step| format!("{pointer}/{step}"));
        Self {
            schema,
            around: Vec::new(),
            pointer,
            nullable: false,
        }
    }

    /// The value of a keyword, of the schema itself or around it.
    pub fn get(&self, keyword: &str) -> Option<&'a Value> {
        let around = self.around.iter().filter(|_| !LEAD_ON.contains(&keyword));
        self.schema
            .get(keyword)
            .or_else(|| around.copied().find_map(|schema| schema.get(keyword)))
    }

    /// All keywords, but for those that only lead here.
    pub fn keywords(&self) -> BTreeSet<String> {
        let own = self.schema.as_object().into_iter().flat_map(Map::keys);
        let around = self
            .around
            .iter()
            .filter_map(|schema| schema.as_object())
            .flat_map(Map::keys);
        own.chain(around.filter(|word| !LEAD_ON.contains(&word.as_str())))
            .cloned()
            .collect()
    }

    /// The object under a keyword; empty where there is none.
    pub fn object(&self, keyword: &str) -> Map<String, Value> {
        self.get(keyword)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    }

    /// Behind references, and out of a choice between null and one other.
    pub fn settled(mut self, document: &'a Value) -> Self {
        loop {
            if let Some(target) = self.get("$ref").and_then(Value::as_str) {
                let pointer = target.trim_start_matches('#').to_owned();
                let Some(schema) = document.pointer(&pointer) else {
                    return self;
                };
                self.around.push(self.schema);
                self = Self {
                    schema,
                    pointer,
                    ..self
                };
                continue;
            }
            let choice = ["oneOf", "anyOf"]
                .iter()
                .find_map(|word| Some((*word, self.get(word)?.as_array()?)));
            let Some((word, choice)) = choice.filter(|(_, all)| all.len() == 2) else {
                return self;
            };
            let values: Vec<_> = choice
                .iter()
                .enumerate()
                .filter(|(_, one)| !is_null(one))
                .collect();
            let [(index, only)] = values[..] else { return self };
            // The other one is null.
            let below = self.below(only, &[word, &index.to_string()]);
            self.around.push(self.schema);
            self = Self {
                nullable: true,
                around: self.around,
                ..below
            };
        }
    }

    /// Whether null is a value, by a choice or among the types.
    pub fn takes_null(&self) -> bool {
        self.nullable || self.types().contains("null")
    }

    /// The JSON types of its values.
    pub fn types(&self) -> BTreeSet<&'a str> {
        match self.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => BTreeSet::from([one.as_str()]),
            _ => BTreeSet::new(),
        }
    }

    /// Whether that property has to be there.
    pub fn requires(&self, property: &str) -> bool {
        let required = self.get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|name| name == property))
    }

    /// Whether it refuses properties that it does not name.
    pub fn is_closed(&self) -> bool {
        self.get("additionalProperties") == Some(&Value::Bool(false))
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|word| word == "null")
}
