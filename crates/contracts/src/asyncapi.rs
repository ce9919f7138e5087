//! The AsyncAPI document: which topics there are, who sends and who receives, and what a record looks like.

use serde_json::{Map, Value, json};

use crate::envelope::{self as e, JSON, SPEC_VERSION, WATERMARK_SCHEMA, WATERMARK_TYPE};
use crate::schemas::{COMPONENTS, Form};
use crate::topics::{self, Topic};

const ABOUT: &str = "The facts that the services of Jeongsan tell each other, as CloudEvents 1.0 in binary form. Each \
    topic has one sender. A record's key is its aggregate, so that the events of one aggregate lie in one partition, in \
    the order of ce_aggregateversion. They come at least once; ce_id is the same each time. A receiver ignores \
    properties that it does not know, except in amounts of money, discounts and the terms of a contract, whose objects \
    are closed. One document for all services: an operation's tag says whose it is.";

const WATERMARK: &str = "watermark";

/// The AsyncAPI 3.0 document of all events.
pub fn asyncapi() -> Value {
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Jeongsan events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "defaultContentType": JSON,
        "servers": {
            "kafka": {
                "host": "kafka.microservices.svc.cluster.local:9092",
                "protocol": "kafka",
                "description": "The brokers within the cluster.",
            },
        },
        "channels": by_name(|topic| [(topic.name.to_owned(), channel(topic))]),
        "operations": by_name(operations),
        "components": { "messages": messages(), "schemas": schemas() },
    })
}

/// What each topic contributes, in the topics' order.
fn by_name<P: IntoIterator<Item = (String, Value)>>(part: impl Fn(Topic) -> P) -> Map<String, Value> {
    topics::ALL.iter().flat_map(|topic| part(*topic)).collect()
}

fn channel(topic: Topic) -> Value {
    json!({
        "address": topic.name,
        "description": told_by(topic),
        "servers": [{ "$ref": "#/servers/kafka" }],
        "messages": {
            topic.name: { "$ref": format!("#/components/messages/{}", topic.name) },
            WATERMARK: { "$ref": format!("#/components/messages/{WATERMARK}") },
        },
        "bindings": { "kafka": { "topic": topic.name, "bindingVersion": "0.5.0" } },
    })
}

/// The words of the event's type.
fn told_by(topic: Topic) -> Value {
    Form::of_topic(topic)
        .and_then(|form| form.own.get("description").cloned())
        .unwrap_or_default()
}

fn operations(topic: Topic) -> Vec<(String, Value)> {
    let sends = [("send", "sends", topic.producer)].into_iter();
    let receives = topic
        .consumers
        .iter()
        .map(|service| ("receive", "receives", *service));
    let operations = sends.chain(receives).map(|(action, verb, service)| {
        let name = topic.name;
        let operation = json!({
            "action": action,
            "title": format!("{service} {verb} {name}"),
            "channel": { "$ref": format!("#/channels/{name}") },
            "tags": [{ "name": service }],
            "messages": [
                { "$ref": format!("#/channels/{name}/messages/{name}") },
                { "$ref": format!("#/channels/{name}/messages/{WATERMARK}") },
            ],
        });
        (format!("{service}-{verb}-{name}"), operation)
    });
    operations.collect()
}

fn messages() -> Map<String, Value> {
    let mut messages = by_name(|topic| Some((topic.name.to_owned(), event(topic)?)));
    messages.insert(WATERMARK.to_owned(), watermark());
    messages
}

fn event(topic: Topic) -> Option<Value> {
    let form = Form::of_topic(topic)?;
    Some(json!({
        "name": topic.event_type(),
        "title": form.name,
        "summary": told_by(topic),
        "contentType": JSON,
        "headers": headers(&[
            (e::CE_SPECVERSION, exactly(SPEC_VERSION), true),
            (e::CE_ID, text("uuid", "The event's own name, the same at every delivery."), true),
            (e::CE_SOURCE, exactly(&topic.source()), true),
            (e::CE_TYPE, exactly(&topic.event_type()), true),
            (e::CE_SUBJECT, said("The aggregate: what the event tells of."), true),
            (e::CE_TIME, text("date-time", "When the fact happened, by the sender's clock."), true),
            (e::CE_DATASCHEMA, exactly(&topic.schema_id()), true),
            (e::CE_TRACEPARENT, said("The trace in which it was published: W3C Trace Context."), false),
            (e::CE_AGGREGATEVERSION, counted("Its number within topic and aggregate, without gaps."), true),
            (e::CE_SEQUENCE, counted("Its number within the partition, without gaps."), true),
            (e::CE_PARTITIONKEY, said("The aggregate, as in the record's key."), true),
            (e::CONTENT_TYPE, exactly(JSON), true),
        ]),
        "payload": { "$ref": format!("{COMPONENTS}{}", form.name) },
        "bindings": { "kafka": { "key": said("The aggregate."), "bindingVersion": "0.5.0" } },
    }))
}

fn watermark() -> Value {
    let form = Form::of_watermark();
    json!({
        "name": WATERMARK_TYPE,
        "title": form.name,
        "summary": "Everything up to this number has been published in this partition. Has no key and no number.",
        "contentType": JSON,
        "headers": headers(&[
            (e::CE_SPECVERSION, exactly(SPEC_VERSION), true),
            (e::CE_ID, text("uuid", "The watermark's own name."), true),
            (e::CE_SOURCE, said("The topic's sender, as in its events."), true),
            (e::CE_TYPE, exactly(WATERMARK_TYPE), true),
            (e::CE_TIME, text("date-time", "When it was published."), true),
            (e::CE_DATASCHEMA, exactly(WATERMARK_SCHEMA), true),
            (e::CONTENT_TYPE, exactly(JSON), true),
        ]),
        "payload": { "$ref": format!("{COMPONENTS}{}", form.name) },
    })
}

/// Headers, each with what is in it and whether it is always there.
fn headers(headers: &[(&str, Value, bool)]) -> Value {
    let properties: Map<String, Value> = headers
        .iter()
        .map(|(name, schema, _)| ((*name).to_owned(), schema.clone()))
        .collect();
    let required: Vec<&str> = headers
        .iter()
        .filter(|(_, _, always)| *always)
        .map(|(name, _, _)| *name)
        .collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn exactly(text: &str) -> Value {
    json!({ "type": "string", "const": text })
}

fn said(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn text(format: &str, description: &str) -> Value {
    json!({ "type": "string", "format": format, "description": description })
}

/// A number from 1; headers are texts.
fn counted(description: &str) -> Value {
    json!({ "type": "string", "pattern": "^[1-9][0-9]*$", "description": description })
}

/// Every type of every message, once.
fn schemas() -> Map<String, Value> {
    let forms = topics::ALL.iter().filter_map(|topic| Form::of_topic(*topic));
    let mut schemas = Map::new();
    for form in forms.chain([Form::of_watermark()]) {
        schemas.extend(form.parts);
        schemas.insert(form.name, form.own);
    }
    schemas.sort_keys();
    schemas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sender_and_every_receiver_has_an_operation() {
        let document = asyncapi();
        for topic in topics::ALL {
            let sends = format!("{}-sends-{}", topic.producer, topic.name);
            assert_eq!(document["operations"][&sends]["action"], "send", "{sends}");
            for consumer in topic.consumers {
                let receives = format!("{consumer}-receives-{}", topic.name);
                assert_eq!(
                    document["operations"][&receives]["action"], "receive",
                    "{receives}"
                );
            }
        }
    }

    #[test]
    fn no_reference_leads_nowhere() {
        fn check(document: &Value, value: &Value) {
            match value {
                Value::Array(items) => items.iter().for_each(|item| check(document, item)),
                Value::Object(map) => {
                    if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                        let found = document.pointer(target.trim_start_matches('#'));
                        assert!(found.is_some(), "{target}");
                    }
                    map.values().for_each(|item| check(document, item));
                }
                _ => {}
            }
        }
        let document = asyncapi();
        check(&document, &document);
    }
}
