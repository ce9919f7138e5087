//! Whether the cluster answers.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::options::Options;

const ANSWER: Duration = Duration::from_secs(5);

/// How many brokers the cluster has, as it says itself. Blocks the thread for five seconds at most.
///
/// # Errors
/// What the client said.
pub fn brokers(options: &Options) -> Result<usize, String> {
    let client: BaseConsumer = options.client().create().map_err(|e| e.to_string())?;
    let metadata = client.fetch_metadata(None, ANSWER).map_err(|e| e.to_string())?;
    Ok(metadata.brokers().len())
}

impl Options {
    /// On how many brokers a topic is kept.
    pub fn replication(&self) -> usize {
        usize::try_from(self.replication).unwrap_or(0)
    }
}
