//! What a service published, and how far another one has come with it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contracts::{Event, Topic};
use sqlx::FromRow;
use uuid::Uuid;

use crate::VerifyError;
use crate::names;
use crate::positions::{Places, Positions};
use crate::snapshot::{Rows, Snapshot};

/// A row of an outbox.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Published {
    pub(crate) aggregate: String,
    pub(crate) number: i64,
    pub(crate) event_id: Uuid,
    #[sqlx(flatten)]
    places: Places,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) payload: String,
}

impl Published {
    /// The event, if it is one of its topic and of its aggregate.
    pub(crate) fn event<E: Event>(&self) -> Result<E, String> {
        let event: E = serde_json::from_str(&self.payload)
            .map_err(|error| format!("event {} can't be read: {error}", self.number))?;
        if event.aggregate() == self.aggregate {
            Ok(event)
        } else {
            Err(format!("event {} tells of {}", self.number, event.aggregate()))
        }
    }
}

/// How far a service has come in a topic.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    positions: Option<Positions>,
    parked: HashMap<(String, i64), String>,
}

/// What became of an event at a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its effect is to be seen.
    Handled,
    /// Put aside, visibly.
    Waiting,
    /// Given up by a person, visibly.
    Skipped,
    /// Not there yet.
    InFlight,
}

impl Reach {
    /// Of a service in what it published itself, where there is nothing in between.
    pub(crate) fn own() -> Self {
        Self {
            positions: None,
            parked: HashMap::new(),
        }
    }

    /// Of `consumer` in `topic`.
    pub(crate) async fn of(consumer: &Snapshot, topic: Topic) -> Result<Self, VerifyError> {
        let what = format!("how far it has come in {topic}");
        let positions = Positions::of(consumer, topic).await?;
        let parked = format!("select aggregate, number, state from bus.parked where topic = '{topic}'");
        let parked: Vec<(String, i64, String)> = consumer.all(&what, &parked).await?;
        Ok(Self {
            positions: Some(positions),
            parked: parked
                .into_iter()
                .map(|(aggregate, number, state)| ((aggregate, number), state))
                .collect(),
        })
    }

    /// What became of an event.
    pub(crate) fn fate(&self, event: &Published) -> Fate {
        let Some(positions) = &self.positions else {
            return Fate::Handled;
        };
        if !positions.have_passed(&event.places) {
            return Fate::InFlight;
        }
        if self.parked.is_empty() {
            return Fate::Handled;
        }
        match self
            .parked
            .get(&(event.aggregate.clone(), event.number))
            .map(String::as_str)
        {
            None => Fate::Handled,
            Some("skipped") => Fate::Skipped,
            Some(_) => Fate::Waiting,
        }
    }
}

/// All events of one aggregate in a topic, by number.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) id: Uuid,
    pub(crate) events: Vec<(Published, Fate)>,
}

impl Story {
    /// The events whose effect is to be seen.
    pub(crate) fn handled(&self) -> Vec<&Published> {
        self.events
            .iter()
            .filter(|(_, fate)| *fate == Fate::Handled)
            .map(|(event, _)| event)
            .collect()
    }

    /// How many events had this fate.
    pub(crate) fn count(&self, fate: Fate) -> i64 {
        let count = self.events.iter().filter(|(_, f)| *f == fate).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

/// The stories of a topic, in the order of their aggregates.
#[derive(Debug)]
pub(crate) struct Stories {
    rows: Rows<Published>,
    reach: Reach,
    ahead: Option<Published>,
}

impl Stories {
    /// What `producer` published on `topic`, and what became of it within `reach`.
    pub(crate) async fn of(producer: &Snapshot, topic: Topic, reach: Reach) -> Result<Self, VerifyError> {
        let sql = include_str!("sql/log/published.sql").replace(":topic", topic.name);
        Ok(Self {
            rows: producer.stream(topic.name, &sql).await?,
            reach,
            ahead: None,
        })
    }

    /// The next one. Events of aggregates that are no identifiers are left out: they are breaks of the log itself.
    pub(crate) async fn next(&mut self) -> Result<Option<Story>, VerifyError> {
        loop {
            let Some(first) = self.take().await? else {
                return Ok(None);
            };
            let aggregate = first.aggregate.clone();
            let mut events = vec![first];
            while let Some(next) = self.take().await? {
                if next.aggregate != aggregate {
                    self.ahead = Some(next);
                    break;
                }
                events.push(next);
            }
            if let Some(id) = names::uuid_of(&aggregate) {
                let events = events
                    .into_iter()
                    .map(|event| {
                        let fate = self.reach.fate(&event);
                        (event, fate)
                    })
                    .collect();
                return Ok(Some(Story { id, events }));
            }
        }
    }

    async fn take(&mut self) -> Result<Option<Published>, VerifyError> {
        match self.ahead.take() {
            Some(event) => Ok(Some(event)),
            None => self.rows.next().await,
        }
    }
}
