//! The JSON Schema of every message, made from the types that are written and read.
//!
//! The types describe themselves to OpenAPI 3.1 (`utoipa`), whose schemas are those of JSON Schema 2020-12; what is
//! done here is to put the parts of one message together under its name.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::envelope::{WATERMARK_SCHEMA, Watermark};
use crate::events::{
    AccountingEntry, ContractChanged, DisputeChanged, Event, PartnerChanged, PaymentCompleted, PaymentFailed,
    PaymentRefunded, PaymentRequested, SettlementCompleted, SettlementLinesPriced, SettlementRequested,
    UserChanged,
};
use crate::topics::Topic;

/// How the descriptions refer to each other.
pub(crate) const COMPONENTS: &str = "#/components/schemas/";

/// A topic, and how its events are described.
type Carried = (Topic, fn() -> Form);

/// What every topic carries.
const EVENTS: &[Carried] = &[
    carried::<PaymentRequested>(),
    carried::<PaymentCompleted>(),
    carried::<PaymentFailed>(),
    carried::<PaymentRefunded>(),
    carried::<DisputeChanged>(),
    carried::<SettlementRequested>(),
    carried::<SettlementCompleted>(),
    carried::<SettlementLinesPriced>(),
    carried::<AccountingEntry>(),
    carried::<PartnerChanged>(),
    carried::<ContractChanged>(),
    carried::<UserChanged>(),
];

const fn carried<E: Event>() -> Carried {
    (E::TOPIC, Form::of::<E>)
}

/// A type and the types within it, each described by itself.
pub(crate) struct Form {
    /// The type's name.
    pub(crate) name: String,
    /// The type, which refers to its parts by [`COMPONENTS`].
    pub(crate) own: Value,
    /// The types within it, by name.
    pub(crate) parts: BTreeMap<String, Value>,
}

impl Form {
    fn of<T: ToSchema>() -> Self {
        let mut parts = Vec::new();
        T::schemas(&mut parts);
        let parts = parts.into_iter().map(|(name, part)| (name, plain(&part)));
        Self {
            name: T::name().into_owned(),
            own: plain(&T::schema()),
            parts: parts.collect(),
        }
    }

    /// What the topic's events look like; none where the topic is not one of the platform's.
    pub(crate) fn of_topic(topic: Topic) -> Option<Self> {
        let (_, form) = EVENTS.iter().find(|(carrying, _)| carrying.name == topic.name)?;
        Some(form())
    }

    /// What a watermark looks like.
    pub(crate) fn of_watermark() -> Self {
        Self::of::<Watermark>()
    }

    fn document(self, id: &str) -> Value {
        let mut document = Map::new();
        document.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        document.insert("$id".to_owned(), json!(id));
        document.insert("title".to_owned(), json!(self.name));
        if let Value::Object(own) = self.own {
            document.extend(own);
        }
        if !self.parts.is_empty() {
            document.insert("$defs".to_owned(), json!(self.parts));
        }
        let mut document = Value::Object(document);
        point_to_defs(&mut document);
        document
    }
}

/// The schema of the topic's events; none where the topic is not one of the platform's.
pub fn of(topic: Topic) -> Option<Value> {
    Some(Form::of_topic(topic)?.document(&topic.schema_id()))
}

/// The schema of a watermark.
pub fn of_watermark() -> Value {
    Form::of_watermark().document(WATERMARK_SCHEMA)
}

/// A description as JSON Schema alone: `example` is a word of OpenAPI's.
fn plain(described: &impl serde::Serialize) -> Value {
    // Made of texts, numbers and maps by text, so that there is nothing that could fail.
    let mut described = serde_json::to_value(described).unwrap_or_default();
    visit(&mut described, &|map| {
        if let Some(example) = map.remove("example") {
            map.insert("examples".to_owned(), json!([example]));
        }
    });
    described
}

fn point_to_defs(document: &mut Value) {
    visit(document, &|map| {
        if let Some(Value::String(target)) = map.get_mut("$ref")
            && let Some(name) = target.strip_prefix(COMPONENTS)
        {
            *target = format!("#/$defs/{name}");
        }
    });
}

/// Every object of a document, the outer before the inner.
fn visit(value: &mut Value, change: &impl Fn(&mut Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, change)),
        Value::Object(map) => {
            change(map);
            map.values_mut().for_each(|item| visit(item, change));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topics;

    #[test]
    fn every_topic_carries_one_event() {
        let carrying: Vec<_> = EVENTS.iter().map(|(topic, _)| *topic).collect();
        let mut all = topics::ALL.to_vec();
        all.sort();
        let mut sorted = carrying.clone();
        sorted.sort();
        assert_eq!(sorted, all);
    }

    #[test]
    fn a_type_has_one_name_and_one_form_wherever_it_stands() {
        let mut seen: BTreeMap<String, Value> = BTreeMap::new();
        for (topic, form) in EVENTS {
            let form = form();
            for (name, part) in form.parts.into_iter().chain([(form.name, form.own)]) {
                let other = seen.entry(name.clone()).or_insert_with(|| part.clone());
                assert_eq!(other, &part, "{name} in {topic}");
            }
        }
    }

    #[test]
    fn no_reference_leads_out_of_its_document() {
        for topic in topics::ALL {
            let schema = of(*topic).unwrap();
            let mut text = schema.to_string();
            assert!(!text.contains(COMPONENTS), "{topic}");
            while let Some((_, rest)) = text.split_once("\"#/$defs/") {
                let (name, rest) = rest.split_once('"').unwrap();
                assert!(schema["$defs"].get(name).is_some(), "{topic}: {name}");
                text = rest.to_owned();
            }
        }
    }
}
