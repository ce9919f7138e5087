//! What stands around an event where it leaves the platform's databases: CloudEvents 1.0 in its binary form, one
//! attribute a header, the event alone as the body.
//!
//! What writes to a broker, what reads from it and the document for people (`asyncapi`) take their words from here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Topic;

/// Always [`SPEC_VERSION`].
pub const CE_SPECVERSION: &str = "ce_specversion";
/// The event's own UUID, the same at every delivery.
pub const CE_ID: &str = "ce_id";
/// Who tells: [`Topic::source`].
pub const CE_SOURCE: &str = "ce_source";
/// What it tells, and in which form: [`Topic::event_type`], or [`WATERMARK_TYPE`].
pub const CE_TYPE: &str = "ce_type";
/// The aggregate that it tells of.
pub const CE_SUBJECT: &str = "ce_subject";
/// When the fact happened, by the publisher's clock: RFC 3339, in UTC.
pub const CE_TIME: &str = "ce_time";
/// The JSON Schema of the body: [`Topic::schema_id`], or [`WATERMARK_SCHEMA`].
pub const CE_DATASCHEMA: &str = "ce_dataschema";
/// The trace in which it was published, as W3C Trace Context writes it.
pub const CE_TRACEPARENT: &str = "ce_traceparent";
/// The event's number within its topic and aggregate: 1, 2, 3, ... without gaps.
pub const CE_AGGREGATEVERSION: &str = "ce_aggregateversion";
/// The event's number within its partition: 1, 2, 3, ... without gaps.
pub const CE_SEQUENCE: &str = "ce_sequence";
/// The aggregate again, which is the record's key too.
pub const CE_PARTITIONKEY: &str = "ce_partitionkey";
/// Always [`JSON`].
pub const CONTENT_TYPE: &str = "content-type";

/// The version of CloudEvents.
pub const SPEC_VERSION: &str = "1.0";
/// The form of every body.
pub const JSON: &str = "application/json";

/// The type of a [`Watermark`].
pub const WATERMARK_TYPE: &str = "jeongsan.watermark.v1";
/// The schema of a [`Watermark`].
pub const WATERMARK_SCHEMA: &str = "urn:jeongsan:schema:watermark:1";

/// Says that everything up to a number has been published in this partition. Without it nobody could tell that the
/// last event is missing: a gap shows only when something comes behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Watermark {
    /// The greatest `ce_sequence` so far, 0 where nothing was published yet.
    #[schema(minimum = 0)]
    pub sequence: i64,
}

impl Topic {
    /// What the topic's events are called, their form included: `jeongsan.payment-completed.v1`.
    pub fn event_type(&self) -> String {
        format!("jeongsan.{}.v{}", self.name, self.schema_version)
    }

    /// The name of the JSON Schema of the topic's events: `urn:jeongsan:schema:payment-completed:1`.
    pub fn schema_id(&self) -> String {
        format!("urn:jeongsan:schema:{}:{}", self.name, self.schema_version)
    }

    /// Who publishes it: `/jeongsan/payment`.
    pub fn source(&self) -> String {
        format!("/jeongsan/{}", self.producer)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::topics;

    #[test]
    fn a_topic_says_its_type_its_schema_and_its_source() {
        let topic = topics::PAYMENT_COMPLETED;
        assert_eq!(topic.event_type(), "jeongsan.payment-completed.v1");
        assert_eq!(topic.schema_id(), "urn:jeongsan:schema:payment-completed:1");
        assert_eq!(topic.source(), "/jeongsan/payment");
    }

    #[test]
    fn no_two_topics_have_one_type_and_none_has_that_of_the_watermark() {
        let types: BTreeSet<String> = topics::ALL.iter().map(Topic::event_type).collect();
        assert_eq!(types.len(), topics::ALL.len());
        assert!(!types.contains(WATERMARK_TYPE));
    }
}
