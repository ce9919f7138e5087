//! What can go wrong between a publisher and a consumer.

/// The log could not be read or written; nothing was lost, try again.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The database failed.
    #[error("the event log's database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The publishing service did not answer.
    #[error("the log of {producer} cannot be read: {reason}")]
    Unreachable {
        /// The publishing service.
        producer: String,
        /// What happened.
        reason: String,
    },
    /// The broker did not take or give records; what was sent may have arrived.
    #[error("the broker failed: {0}")]
    Broker(String),
    /// Another copy of the service relays now.
    #[error(transparent)]
    Lease(#[from] lease::LeaseError),
    /// An event does not have the form of its topic.
    #[error("an event of {topic} cannot be written or read: {source}")]
    Malformed {
        /// The topic.
        topic: &'static str,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A position is not one of this log.
    #[error("{0:?} is not a position of the log")]
    Position(String),
    /// A position lies behind the end of the log: the publisher's database was restored from an older copy, or lost
    /// transactions in a failover. What it publishes from now on would never be read.
    #[error(
        "the position {position} in {topic} lies behind the end of its log, whose database must have been restored or have lost \
         transactions; delete the rows of {topic} in bus.positions of the database that reads it: everything is read \
         again, and what was handled already is passed over"
    )]
    Ahead {
        /// The topic.
        topic: &'static str,
        /// The position.
        position: String,
    },
    /// A dead letter that is not there.
    #[error("there is no dead letter {topic} {aggregate} {number}; list them first")]
    NoSuchLetter {
        /// The topic.
        topic: String,
        /// The aggregate.
        aggregate: String,
        /// The event's number.
        number: i64,
    },
}

/// Why a handler did not take its records. Its transaction is rolled back in either case.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The world was in the way: the same records may go through in a moment.
    #[error("not now: {0}")]
    NotNow(String),
    /// These records can't be handled as they are; alone, the culprit goes to the dead letters.
    #[error("{0}")]
    Never(String),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        if postgres::is_transient(&error) {
            Self::NotNow(error.to_string())
        } else {
            Self::Never(error.to_string())
        }
    }
}

impl From<BusError> for Refusal {
    fn from(error: BusError) -> Self {
        match error {
            BusError::Database(source) => source.into(),
            BusError::Unreachable { .. } | BusError::Broker(_) => Self::NotNow(error.to_string()),
            _ => Self::Never(error.to_string()),
        }
    }
}
