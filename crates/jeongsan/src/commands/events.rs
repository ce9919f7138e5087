//! `jeongsan events`: what is published, and what could not be handled, tried again or given up. Nothing vanishes.

use bus::Outbox;
use chassis::Settings;
use clap::{Args, Subcommand};
use postgres::{Db, DbOptions};
use serde_json::json;

use crate::fault::Fault;
use crate::output::{self, Form, table};
use crate::{access, targets};

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Print the AsyncAPI document: topics, who sends and receives, and the schema of every event
    Asyncapi,
    /// The events that are put aside, oldest first
    Dead {
        /// Of these services alone
        #[arg(value_name = "SERVICE")]
        services: Vec<String>,
    },
    /// Try a dead event again, and those that wait behind it
    Replay(Letter),
    /// Give a dead event up; it stays on record, with the reason
    Skip {
        #[command(flatten)]
        letter: Letter,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// One event that is put aside.
#[derive(Debug, Args)]
pub(crate) struct Letter {
    /// Which service could not handle it
    service: String,
    /// Its topic
    topic: String,
    /// What it tells of
    aggregate: String,
    /// Its number
    number: i64,
}

pub(crate) async fn run(settings: &Settings, action: &Action, form: Form) -> Result<(), Fault> {
    match action {
        Action::Asyncapi => {
            asyncapi();
            Ok(())
        }
        Action::Dead { services } => dead(settings, services, form).await,
        Action::Replay(letter) => {
            let outbox = open(settings, &letter.service).await?;
            let done = bus::dead::replay(&outbox, &letter.topic, &letter.aggregate, letter.number).await;
            finish(done, "tried again", form)
        }
        Action::Skip { letter, reason } => {
            let outbox = open(settings, &letter.service).await?;
            let done =
                bus::dead::skip(&outbox, &letter.topic, &letter.aggregate, letter.number, reason).await;
            finish(done, "skipped", form)
        }
    }
}

/// The document, which is JSON whatever form was asked for.
pub(crate) fn asyncapi() {
    output::line(&format!("{:#}", contracts::asyncapi()));
}

async fn dead(settings: &Settings, names: &[String], form: Form) -> Result<(), Fault> {
    let services = if names.is_empty() {
        targets::all()
    } else {
        targets::named(names)?
    };
    let mut found = Vec::new();
    for service in services.iter().filter(|service| service.database.is_some()) {
        let outbox = open(settings, service.name).await?;
        let letters = bus::dead::list(&outbox).await;
        let letters = letters.map_err(|e| Fault::failed(service.name, &e))?;
        found.extend(letters.into_iter().map(|letter| (service.name, letter)));
        outbox.db().close().await;
    }
    let text = || {
        if found.is_empty() {
            return "nothing is put aside".to_owned();
        }
        let head = [
            "service",
            "topic",
            "aggregate",
            "number",
            "state",
            "tries",
            "since",
            "why",
        ];
        let rows = found.iter().map(|(service, letter)| {
            vec![
                (*service).to_owned(),
                letter.topic.clone(),
                letter.aggregate.clone(),
                letter.number.to_string(),
                letter.state.clone(),
                letter.attempts.to_string(),
                letter.parked_at.format("%F %T").to_string(),
                letter.error.clone().unwrap_or_default(),
            ]
        });
        table(
            &std::iter::once(head.map(str::to_owned).to_vec())
                .chain(rows)
                .collect::<Vec<_>>(),
        )
    };
    let value = found
        .iter()
        .map(|(service, letter)| json!({ "service": service, "letter": letter }))
        .collect();
    output::answer(form, text, &value);
    Ok(())
}

fn finish(done: Result<(), bus::BusError>, word: &str, form: Form) -> Result<(), Fault> {
    match done {
        Ok(()) => {
            output::done(form, word);
            Ok(())
        }
        Err(error @ bus::BusError::NoSuchLetter { .. }) => Err(Fault::Refused(error.to_string())),
        Err(error) => Err(Fault::failed("the event", &error)),
    }
}

/// The outbox of a service, as its own role.
async fn open(settings: &Settings, name: &str) -> Result<Outbox, Fault> {
    let services = targets::named(&[name.to_owned()])?;
    let admin_url = access::admin_url(settings).await;
    let addresses = access::databases(settings, admin_url.as_deref(), &services).await?;
    let (service, url) = addresses
        .first_key_value()
        .ok_or_else(|| Fault::Usage(format!("{name} keeps no events")))?;
    let mut options = DbOptions::new(url, service);
    options.max_connections = 2;
    Ok(Outbox::new(Db::connect(&options).await?))
}
