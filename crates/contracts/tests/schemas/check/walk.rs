//! The two schemas side by side.

use std::collections::BTreeSet;

use serde_json::Value;

use super::incompatibility::{Change, Incompatibility};
use super::place::Place;

/// Words for people, and names; what is under `$defs` is looked at where it is used.
const SAY_NOTHING: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "title",
    "description",
    "examples",
    "deprecated",
];
/// What bounds a value. Narrower, and the new side refuses what was written; wider, and the old side does.
const LIMITS: &[&str] = &[
    "format",
    "pattern",
    "const",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// Looked at by a function each.
const LOOKED_AT: &[&str] = &[
    "type",
    "enum",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "oneOf",
    "anyOf",
    "$ref",
];

/// A walk through both, and what it found.
pub struct Walk<'a> {
    old_document: &'a Value,
    new_document: &'a Value,
    /// Pairs of places that are being compared, so that a type within itself comes to an end.
    within: BTreeSet<(String, String, bool)>,
    found: Vec<Incompatibility>,
}

impl<'a> Walk<'a> {
    /// Through both from the top.
    pub fn of(old: &'a Value, new: &'a Value) -> Self {
        let mut walk = Self {
            old_document: old,
            new_document: new,
            within: BTreeSet::new(),
            found: Vec::new(),
        };
        walk.compare(Place::top(old), Place::top(new), false);
        walk
    }

    /// What it found.
    pub fn found(self) -> Vec<Incompatibility> {
        self.found
    }

    /// Once, however many places lead there.
    fn note(&mut self, pointer: &str, change: Change) {
        let pointer = pointer.to_owned();
        let one = Incompatibility { pointer, change };
        if !self.found.contains(&one) {
            self.found.push(one);
        }
    }

    /// `variant`: the value is one form of several. Descriptions of those don't say whether they refuse what they
    /// don't know, so they are taken to.
    fn compare(&mut self, old: Place<'a>, new: Place<'a>, variant: bool) {
        let old = old.settled(self.old_document);
        let new = new.settled(self.new_document);
        match (old.takes_null(), new.takes_null()) {
            (false, true) => self.note(&new.pointer, Change::Nullable),
            (true, false) => self.note(&new.pointer, Change::NotNullable),
            _ => {}
        }
        let pair = (old.pointer.clone(), new.pointer.clone(), variant);
        if !self.within.insert(pair.clone()) {
            return;
        }
        if !(old.schema.is_object() && new.schema.is_object()) && old.schema != new.schema {
            self.note(&new.pointer, Change::Type);
        }
        self.types(&old, &new);
        self.values(&old, &new);
        self.properties(&old, &new, variant);
        self.below(&old, &new, "items");
        self.variants(&old, &new, "oneOf");
        self.variants(&old, &new, "anyOf");
        self.rest(&old, &new);
        self.within.remove(&pair);
    }

    fn types(&mut self, old: &Place<'a>, new: &Place<'a>) {
        let without_null = |place: &Place<'a>| {
            let mut types = place.types();
            types.remove("null");
            types
        };
        if without_null(old) != without_null(new) {
            self.note(&new.pointer, Change::Type);
        }
    }

    fn values(&mut self, old: &Place<'a>, new: &Place<'a>) {
        let values = |place: &Place<'a>| place.get("enum").and_then(Value::as_array);
        match (values(old), values(new)) {
            (None, None) => {}
            (Some(before), Some(after)) => {
                for value in before.iter().filter(|value| !after.contains(value)) {
                    self.note(&new.pointer, Change::ValueRemoved(value.to_string()));
                }
                for value in after.iter().filter(|value| !before.contains(value)) {
                    self.note(&new.pointer, Change::ValueAdded(value.to_string()));
                }
            }
            _ => self.note(&new.pointer, Change::Limit("enum".to_owned())),
        }
    }

    fn properties(&mut self, old: &Place<'a>, new: &Place<'a>, variant: bool) {
        let place = |of: &Place<'a>, name: &str| {
            let schema = of.get("properties")?.get(name)?;
            Some(of.below(schema, &["properties", name]))
        };
        for name in old.object("properties").keys() {
            let Some(before) = place(old, name) else { continue };
            let Some(after) = place(new, name) else {
                self.note(&before.pointer, Change::PropertyRemoved);
                continue;
            };
            match (old.requires(name), new.requires(name)) {
                (false, true) => self.note(&after.pointer, Change::PropertyRequired),
                (true, false) => self.note(&after.pointer, Change::PropertyOptional),
                _ => {}
            }
            self.compare(before, after, false);
        }
        for name in new.object("properties").keys() {
            let Some(after) = place(new, name).filter(|_| place(old, name).is_none()) else {
                continue;
            };
            if new.requires(name) {
                self.note(&after.pointer, Change::PropertyRequired);
            }
            if old.is_closed() || variant {
                self.note(&after.pointer, Change::PropertyUnexpected);
            }
        }
        if new.is_closed() && !old.is_closed() {
            self.note(&new.pointer, Change::Closed);
        }
        self.below(old, new, "additionalProperties");
    }

    /// A keyword under which a schema stands, or a yes or no that was looked at before.
    fn below(&mut self, old: &Place<'a>, new: &Place<'a>, keyword: &str) {
        let schema = |place: &Place<'a>| place.get(keyword).filter(|value| value.is_object());
        match (schema(old), schema(new)) {
            (None, None) if keyword == "additionalProperties" || old.get(keyword) == new.get(keyword) => {}
            (Some(before), Some(after)) => {
                self.compare(old.below(before, &[keyword]), new.below(after, &[keyword]), false);
            }
            _ => self.note(&new.pointer, Change::Limit(keyword.to_owned())),
        }
    }

    fn variants(&mut self, old: &Place<'a>, new: &Place<'a>, keyword: &str) {
        let all = |place: &Place<'a>| -> Vec<(String, Place<'a>)> {
            let choice = place.get(keyword).and_then(Value::as_array);
            let choice = choice.into_iter().flatten().enumerate();
            let places = choice.map(|(index, one)| {
                let below = place.below(one, &[keyword, &index.to_string()]);
                (tag_of(one).unwrap_or_else(|| index.to_string()), below)
            });
            places.collect()
        };
        let (before, after) = (all(old), all(new));
        for (tag, place) in &before {
            match after.iter().find(|(other, _)| other == tag) {
                Some((_, other)) => self.compare(place.clone(), other.clone(), true),
                None => self.note(&place.pointer, Change::VariantRemoved),
            }
        }
        for (tag, place) in &after {
            if !before.iter().any(|(other, _)| other == tag) {
                self.note(&place.pointer, Change::VariantAdded);
            }
        }
    }

    /// What has no rule of its own, and what nobody has thought of.
    fn rest(&mut self, old: &Place<'a>, new: &Place<'a>) {
        for place in [old, new].into_iter().filter(|place| place.get("$ref").is_some()) {
            // It leads nowhere, or it would have been followed.
            self.note(&place.pointer, Change::Unknown("$ref".to_owned()));
        }
        for keyword in old.keywords().union(&new.keywords()) {
            let known = |list: &[&str]| list.contains(&keyword.as_str());
            let (before, after) = (old.get(keyword), new.get(keyword));
            if known(SAY_NOTHING) || known(LOOKED_AT) || before == after {
                continue;
            }
            if keyword == "default" {
                if before.is_some() && after.is_some() {
                    self.note(&new.pointer, Change::Default);
                }
            } else if known(LIMITS) {
                self.note(&new.pointer, Change::Limit(keyword.clone()));
            } else {
                self.note(&new.pointer, Change::Unknown(keyword.clone()));
            }
        }
    }
}

/// What tells one form from the others: the properties that have one possible value.
fn tag_of(variant: &Value) -> Option<String> {
    let properties = variant.get("properties")?.as_object()?;
    let tags = properties.iter().filter_map(|(name, schema)| {
        let only = match schema.get("enum").and_then(Value::as_array).map(Vec::as_slice) {
            Some([only]) => only,
            _ => schema.get("const")?,
        };
        Some(format!("{name}={only}"))
    });
    let tags: Vec<String> = tags.collect();
    (!tags.is_empty()).then(|| tags.join(" "))
}
