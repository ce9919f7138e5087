//! What a client says of its connections: kept as the reason of what fails, and logged now and then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// A cluster that is away is complained of by every client once a second; so often it is logged.
const PAUSE: Duration = Duration::from_secs(10);
/// What was said so long ago is no longer a reason.
const FRESH: Duration = Duration::from_mins(1);

/// What one client said last, or one that took its place. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reporter {
    said: Arc<Mutex<Said>>,
}

#[derive(Debug, Default)]
struct Said {
    last: Option<(Instant, String)>,
    logged_at: Option<Instant>,
}

impl Reporter {
    /// What it said in the last minute, as the end of a message that tells what failed; else nothing.
    pub(crate) fn because(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match &said.last {
            Some((at, reason)) if at.elapsed() < FRESH => format!("; the client says: {reason}"),
            _ => String::new(),
        }
    }

    fn note(&self, error: &KafkaError, reason: &str) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_echo = error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown);
        if is_echo && said.last.as_ref().is_some_and(|(at, _)| now < *at + FRESH) {
            return;
        }
        said.last = Some((now, reason.to_owned()));
        if said.logged_at.is_none_or(|at| now >= at + PAUSE) {
            said.logged_at = Some(now);
            tracing::warn!(error = reason, "Kafka is not as it should be");
        }
    }
}

impl ClientContext for Reporter {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "Kafka's client");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.note(&error, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thing_that_was_said_is_the_reason() {
        let reporter = Reporter::default();
        assert_eq!(reporter.because(), "");
        let away = KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure);
        let refused = KafkaError::Global(RDKafkaErrorCode::Authentication);
        let all_down = KafkaError::Global(RDKafkaErrorCode::AllBrokersDown);
        reporter.error(all_down.clone(), "1/1 brokers are down");
        assert_eq!(reporter.because(), "; the client says: 1/1 brokers are down");
        reporter.error(away, "it does not answer");
        reporter.error(refused, "the password is wrong");
        // Which is said after each of the others, and tells less.
        reporter.error(all_down, "1/1 brokers are down");
        assert_eq!(reporter.because(), "; the client says: the password is wrong");
    }
}
