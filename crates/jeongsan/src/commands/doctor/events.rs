//! How events get from service to service.

use chassis::Settings;
use kafka::Options;

use super::Check;

const NAME: &str = "events";

pub(super) async fn look(settings: &Settings) -> Check {
    let options = match Options::from_settings(settings) {
        Ok(Some(options)) => options,
        Ok(None) => return Check::fine(NAME, "read from the outbox of whoever published them"),
        Err(error) => return Check::wrong(NAME, "Kafka cannot be used", error.to_string()),
    };
    let replication = options.replication();
    let asked = tokio::task::spawn_blocking(move || kafka::brokers(&options)).await;
    let brokers = settings.text("kafka.brokers");
    match asked.map_err(|e| e.to_string()).and_then(|answer| answer) {
        Ok(count) if count < replication => Check::wrong(
            NAME,
            format!("Kafka has brokers: {count}, and kafka.replication is {replication}"),
            "no topic can be made: start more brokers, or set kafka.replication lower",
        ),
        Ok(count) => Check::fine(NAME, format!("Kafka, brokers: {count}")),
        Err(error) => Check::wrong(
            NAME,
            format!("no Kafka answers at {brokers}: {error}"),
            "events are kept until one does; look at kafka.brokers, kafka.security and what belongs to it",
        ),
    }
}
