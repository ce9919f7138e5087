//! Where logs go and how they look.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::ecs::Ecs;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// ECS JSON, one line an event.
    Json,
    /// For a person at a terminal.
    Text,
}

impl LogFormat {
    /// `json`, `text`, or `auto`: text on a terminal, JSON elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "auto" if std::io::stderr().is_terminal() => Some(Self::Text),
            "json" | "auto" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Sends the process's logs to standard error. `filter` is in the syntax of `RUST_LOG`; one that does not parse
/// falls back to `info`. A second call does nothing.
pub fn init_logs(format: LogFormat, filter: &str, service: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // Already initialised: the first call decides.
    let _ = match format {
        LogFormat::Json => {
            let ecs = Ecs {
                service: service.to_owned(),
                version: env!("CARGO_PKG_VERSION"),
            };
            registry.with(layer.event_format(ecs)).try_init()
        }
        LogFormat::Text => registry.with(layer.compact()).try_init(),
    };
}
