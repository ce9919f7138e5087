//! One line of JSON a log event, in the Elastic Common Schema 1.12.
//!
//! Only fields of the schema stand at the top; everything of ours goes under `labels`, so that an index template
//! with `dynamic: strict` takes every line.

use std::fmt;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::trace::present_trace;

/// Writes events as ECS documents.
pub(crate) struct Ecs {
    pub(crate) service: String,
    pub(crate) version: &'static str,
}

impl<S, N> FormatEvent<S, N> for Ecs
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let meta = event.metadata();
        #[allow(
            clippy::disallowed_methods,
            reason = "a log line tells when it was written, not the test clock"
        )]
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut document = json!({
            "@timestamp": now,
            "log.level": meta.level().as_str().to_ascii_lowercase(),
            "message": fields.message,
            "ecs.version": "1.12.0",
            "service.name": self.service,
            "service.version": self.version,
            "event.dataset": format!("{}.log", self.service),
            "log.logger": meta.target(),
        });
        if let Some(object) = document.as_object_mut() {
            if let Some(trace) = present_trace() {
                object.insert("trace.id".into(), trace.trace_id().into());
                object.insert("span.id".into(), trace.span_id().into());
            }
            if let Some(error) = fields.error {
                object.insert("error.message".into(), error.into());
            }
            if !fields.labels.is_empty() {
                object.insert("labels".into(), Value::Object(fields.labels));
            }
        }
        writeln!(writer, "{document}")
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    error: Option<String>,
    labels: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = text,
            "error" => self.error = Some(text),
            // A dot would make an object of a label, and labels are keywords.
            name => drop(self.labels.insert(name.replace('.', "_"), Value::String(text))),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}
