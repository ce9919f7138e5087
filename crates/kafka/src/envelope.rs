//! A record as a Kafka message: CloudEvents 1.0 in the binary mode of its Kafka binding, one attribute a header.

use bus::{Cursor, Record, Sequenced};
use chrono::{DateTime, SecondsFormat, Utc};
use contracts::Topic;
use contracts::envelope as names;
use contracts::envelope::Watermark;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use serde_json::value::RawValue;

/// What a message says.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// An event.
    Record { sequence: i64, record: Box<Record> },
    /// How far the partition goes.
    Watermark(i64),
}

/// A message that is not one of ours. It is passed over: if it was to be an event, its number is missing, and the event
/// is fetched from its publisher.
#[derive(Debug, thiserror::Error)]
#[error("a message is no event of {topic}: {reason}")]
pub(crate) struct Foreign {
    topic: &'static str,
    reason: String,
}

/// The headers of a record.
pub(crate) fn headers(Sequenced { record, .. }: &Sequenced) -> OwnedHeaders {
    let topic = record.topic;
    let attributes = [
        (names::CE_SPECVERSION, names::SPEC_VERSION.to_owned()),
        (names::CE_ID, record.event_id.to_string()),
        (names::CE_SOURCE, topic.source()),
        (names::CE_TYPE, topic.event_type()),
        (names::CE_SUBJECT, record.aggregate.clone()),
        (
            names::CE_TIME,
            record.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        ),
        (names::CE_DATASCHEMA, topic.schema_id()),
        (names::CE_TRACEPARENT, record.trace_parent.clone()),
        (names::CE_AGGREGATEVERSION, record.number.to_string()),
        (
            names::CE_SEQUENCE,
            record.cursor.sequence().unwrap_or_default().to_string(),
        ),
        (names::CE_PARTITIONKEY, record.aggregate.clone()),
        (names::CONTENT_TYPE, names::JSON.to_owned()),
    ];
    written(&attributes)
}

/// The headers and the body of a watermark.
pub(crate) fn watermark(topic: Topic, sequence: i64, id: &str, now: DateTime<Utc>) -> (OwnedHeaders, String) {
    let attributes = [
        (names::CE_SPECVERSION, names::SPEC_VERSION.to_owned()),
        (names::CE_ID, id.to_owned()),
        (names::CE_SOURCE, topic.source()),
        (names::CE_TYPE, names::WATERMARK_TYPE.to_owned()),
        (names::CE_TIME, now.to_rfc3339_opts(SecondsFormat::Micros, true)),
        (names::CE_DATASCHEMA, names::WATERMARK_SCHEMA.to_owned()),
        (names::CONTENT_TYPE, names::JSON.to_owned()),
    ];
    let body = serde_json::to_string(&Watermark { sequence }).unwrap_or_default();
    (written(&attributes), body)
}

fn written(attributes: &[(&str, String)]) -> OwnedHeaders {
    attributes.iter().fold(
        OwnedHeaders::new_with_capacity(attributes.len()),
        |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(value),
            })
        },
    )
}

/// Reads a message of `topic`.
pub(crate) fn read(topic: Topic, message: &BorrowedMessage<'_>) -> Result<Arrival, Foreign> {
    let foreign = |reason: String| Foreign {
        topic: topic.name,
        reason,
    };
    let attributes = Attributes::of(message);
    let body = message.payload().unwrap_or_default();
    let event_type = attributes.get(names::CE_TYPE).map_err(foreign)?;
    if event_type == names::WATERMARK_TYPE {
        let watermark: Watermark = serde_json::from_slice(body).map_err(|e| foreign(e.to_string()))?;
        return Ok(Arrival::Watermark(watermark.sequence));
    }
    let sequence: i64 = attributes.parsed(names::CE_SEQUENCE).map_err(foreign)?;
    let body = std::str::from_utf8(body).map_err(|e| foreign(e.to_string()))?;
    let time = attributes.get(names::CE_TIME).map_err(foreign)?;
    let record = Record {
        topic,
        aggregate: attributes.get(names::CE_SUBJECT).map_err(foreign)?.to_owned(),
        number: attributes.parsed(names::CE_AGGREGATEVERSION).map_err(foreign)?,
        event_id: attributes.parsed(names::CE_ID).map_err(foreign)?,
        cursor: Cursor::at(sequence),
        payload: RawValue::from_string(body.to_owned()).map_err(|e| foreign(e.to_string()))?,
        trace_parent: attributes
            .get(names::CE_TRACEPARENT)
            .unwrap_or_default()
            .to_owned(),
        occurred_at: DateTime::parse_from_rfc3339(time)
            .map_err(|e| foreign(format!("{}: {e}", names::CE_TIME)))?
            .with_timezone(&Utc),
    };
    Ok(Arrival::Record {
        sequence,
        record: Box::new(record),
    })
}

/// The headers of a message that are text.
struct Attributes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Attributes<'a> {
    fn of(message: &'a BorrowedMessage<'_>) -> Self {
        let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
        Self(
            headers
                .filter_map(|header| Some((header.key, std::str::from_utf8(header.value?).ok()?)))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Result<&'a str, String> {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
            .ok_or_else(|| format!("it has no header {name}"))
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<T, String> {
        let text = self.get(name)?;
        text.parse().map_err(|_| format!("{name} is {text:?}"))
    }
}
