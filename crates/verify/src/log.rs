//! The event log: what was published is whole, and what was handled is what was published.

use std::cmp::Ordering;
use std::collections::HashMap;

use contracts::{Topic, topics};
use sqlx::FromRow;

use crate::VerifyError;
use crate::databases::Databases;
use crate::inside::ask;
use crate::positions::{Places, Positions};
use crate::report::Check;
use crate::snapshot::{Rows, Snapshot};

/// Checks every log, and every consumer against its producer.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    for snapshot in databases.all() {
        let service = snapshot.service();
        let mut check = databases.check(
            format!("{service}_log"),
            "events are numbered without gaps, in their order, and of this service's topics",
        );
        for (what, sql) in [
            ("numbers", include_str!("sql/log/numbers.sql")),
            ("order", include_str!("sql/log/whole.sql")),
            ("identities", include_str!("sql/log/identities.sql")),
            ("partitions", include_str!("sql/log/partitions.sql")),
            ("placements", include_str!("sql/log/placements.sql")),
        ] {
            ask(snapshot, what, "bus.outbox", sql, &mut check).await?;
        }
        known_topics(snapshot, &mut check).await?;
        check.done(&mut checks);
    }
    for topic in topics::ALL {
        for consumer in topic.consumers {
            let mut check = databases.check(
                format!("{consumer}_handled_{}", topic.name.replace('-', "_")),
                format!("what {consumer} handled of {topic} was published, and nothing is left out"),
            );
            let producer = databases.of(topic.producer)?;
            handled(producer, databases.of(consumer)?, *topic, &mut check).await?;
            check.done(&mut checks);
        }
    }
    Ok(checks)
}

async fn known_topics(snapshot: &Snapshot, check: &mut Check) -> Result<(), VerifyError> {
    let rows: Vec<(String, String)> = snapshot.all("topics", include_str!("sql/log/topics.sql")).await?;
    for (what, name) in rows {
        let service = snapshot.service();
        let is_ours = Topic::named(&name).is_some_and(|topic| match what.as_str() {
            "published" => topic.producer == service,
            _ => topic.consumers.contains(&service),
        });
        if !is_ours {
            check.found(vec![name], format!("is no topic of this service ({what})"));
        }
    }
    Ok(())
}

#[derive(Debug, FromRow)]
struct Event {
    aggregate: String,
    number: i64,
    #[sqlx(flatten)]
    places: Places,
    event_id: String,
}

#[derive(Debug, FromRow)]
struct Parked {
    aggregate: String,
    number: i64,
    state: String,
    event_id: Option<String>,
    record_topic: Option<String>,
    record_aggregate: Option<String>,
    record_number: Option<i64>,
    payload: Option<String>,
}

/// What a consumer noted of one topic besides the numbers.
struct Notes {
    positions: Positions,
    parked: HashMap<(String, i64), Parked>,
}

async fn notes(consumer: &Snapshot, topic: Topic, check: &mut Check) -> Result<Notes, VerifyError> {
    let positions = Positions::of(consumer, topic).await?;
    for fault in &positions.faults {
        check.found(vec![topic.to_string()], fault.clone());
    }
    let sql = include_str!("sql/log/parked.sql").replace(":topic", topic.name);
    let parked: Vec<Parked> = consumer.all("parked", &sql).await?;
    for letter in &parked {
        let says = (
            letter.record_topic.as_deref(),
            letter.record_aggregate.as_deref(),
            letter.record_number,
        );
        if says != (Some(topic.name), Some(&letter.aggregate), Some(letter.number)) {
            check.found(
                vec![letter.aggregate.clone()],
                format!("the record put aside as {topic} {} is another one", letter.number),
            );
        }
        if letter.state != "skipped" {
            check.waiting += 1;
        }
    }
    Ok(Notes {
        positions,
        parked: parked
            .into_iter()
            .map(|letter| ((letter.aggregate.clone(), letter.number), letter))
            .collect(),
    })
}

/// Two streams in the order of their aggregates: what was published, and the last number handled.
async fn handled(
    producer: &Snapshot,
    consumer: &Snapshot,
    topic: Topic,
    check: &mut Check,
) -> Result<(), VerifyError> {
    let mut notes = notes(consumer, topic, check).await?;
    for letter in notes.parked.values() {
        unchanged(producer, topic, letter, check).await?;
    }
    let sql = include_str!("sql/log/published_places.sql").replace(":topic", topic.name);
    let mut events: Rows<Event> = producer.stream("published", &sql).await?;
    let sql = include_str!("sql/log/handled.sql").replace(":topic", topic.name);
    let mut handled: Rows<(String, i64)> = consumer.stream("handled", &sql).await?;

    let mut event = events.next().await?;
    let mut last = handled.next().await?;
    let mut published = 0;
    loop {
        let order = match (&event, &last) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(event), Some((aggregate, _))) => event.aggregate.cmp(aggregate),
        };
        if order == Ordering::Greater {
            // All events of this aggregate have gone by.
            if let Some((aggregate, number)) = last.take()
                && published < number
            {
                check.found(
                    vec![aggregate],
                    format!("{number} events were handled, {published} published"),
                );
            }
            published = 0;
            last = handled.next().await?;
        } else if let Some(now) = event.take() {
            let number = match &last {
                Some((aggregate, number)) if *aggregate == now.aggregate => *number,
                _ => 0,
            };
            if order == Ordering::Equal {
                published = now.number;
            }
            check.examined += 1;
            judge(check, &mut notes, &now, number);
            event = events.next().await?;
        }
    }
    for letter in notes.parked.into_values() {
        check.found(
            vec![letter.aggregate],
            format!("event {} is put aside, and was never published", letter.number),
        );
    }
    for place in notes.positions.left_over() {
        check.found(
            vec![topic.to_string()],
            format!("stands at {place}, where no event is"),
        );
    }
    Ok(())
}

/// Whether what was put aside says what was published: it is handled from there once it is replayed.
async fn unchanged(
    producer: &Snapshot,
    topic: Topic,
    letter: &Parked,
    check: &mut Check,
) -> Result<(), VerifyError> {
    let sql = format!(
        "select payload::text from bus.outbox where topic = '{topic}' and aggregate = $${}$$ and number = {}",
        letter.aggregate, letter.number
    );
    let published: Vec<(String,)> = producer.all("what was published", &sql).await?;
    if published.first().map(|(text,)| text) != letter.payload.as_ref() {
        check.found(
            vec![letter.aggregate.clone()],
            format!(
                "event {} was put aside with another content than it was published",
                letter.number
            ),
        );
    }
    Ok(())
}

/// One event, where the last one handled of its aggregate is `handled`.
fn judge(check: &mut Check, notes: &mut Notes, event: &Event, handled: i64) {
    let is_due = notes.positions.have_passed(&event.places);
    notes.positions.saw(&event.places);
    let letter = notes.parked.remove(&(event.aggregate.clone(), event.number));
    let mut found = |detail: String| {
        check.found(
            vec![event.aggregate.clone()],
            format!("event {}: {detail}", event.number),
        );
    };
    if let Some(letter) = letter {
        if letter.event_id.as_deref() != Some(&event.event_id) {
            found("another one was put aside under its number".to_owned());
        }
        if (letter.state == "skipped") != (event.number <= handled) {
            found(format!(
                "is put aside as {}, and {handled} were handled",
                letter.state
            ));
        }
        if !is_due {
            found("was put aside before its turn".to_owned());
        }
    } else if event.number <= handled && !is_due {
        found("was handled, but the position lies before it".to_owned());
    } else if event.number > handled && is_due {
        found(format!(
            "the position lies behind it, but only {handled} were handled"
        ));
    } else if !is_due {
        check.in_flight += 1;
    }
}
