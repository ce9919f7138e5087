//! Which connectors answer lately, as far as this process saw.

use std::sync::{Arc, Mutex};

use chassis::Clock;

use super::{Found, Outcome};
use crate::domain::ConnectorName;
use crate::domain::health::Health;

/// Those that are asked over a network.
const ASKED: &[ConnectorName] = &[ConnectorName::Simulator, ConnectorName::Stripe];

/// What each of them did lately. Every process judges by itself: it may be its own way there that is broken.
#[derive(Clone)]
pub(super) struct Wellbeing {
    clock: Arc<dyn Clock>,
    of: Arc<Mutex<Vec<(ConnectorName, Health)>>>,
}

impl Wellbeing {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let of = ASKED.iter().map(|name| (*name, Health::default())).collect();
        Self {
            clock,
            of: Arc::new(Mutex::new(of)),
        }
    }

    /// Notes what came of asking for an operation.
    pub(super) fn performed(&self, connector: ConnectorName, outcome: &Outcome) {
        let answered = match outcome {
            // It answers, and takes nothing from us.
            Outcome::Failed(why) => why.code != "connector_misconfigured",
            Outcome::Unknown(_) => false,
            Outcome::Succeeded { .. }
            | Outcome::RequiresAction { .. }
            | Outcome::Declined(_)
            | Outcome::GivenUp(_) => true,
        };
        self.note(connector, answered);
    }

    /// Notes what came of asking about one. That a connector has no answer yet is an answer too, but for one that can't
    /// be reached: so only what it knows says something.
    pub(super) fn looked_up(&self, connector: ConnectorName, found: &Found) {
        if matches!(found, Found::Executed(_)) {
            self.note(connector, true);
        }
    }

    pub(super) fn is_well(&self, connector: ConnectorName) -> bool {
        let now = self.clock.now();
        self.with(connector, |health| health.is_well(now)).unwrap_or(true)
    }

    /// Shows it: 1 where a connector answers, 0 where it is put behind the others.
    pub(super) fn measure(&self) {
        for name in ASKED {
            let is_well = u8::from(self.is_well(*name));
            metrics::gauge!("jeongsan_connector_health", "connector" => name.as_str())
                .set(f64::from(is_well));
        }
    }

    fn note(&self, connector: ConnectorName, answered: bool) {
        let now = self.clock.now();
        let fell = self.with(connector, |health| {
            let was_well = health.is_well(now);
            health.note(answered, now);
            was_well && !health.is_well(now)
        });
        if fell == Some(true) {
            tracing::warn!(
                connector = connector.as_str(),
                "a connector does not answer: for a while new payments are offered to others first"
            );
        }
    }

    fn with<T>(&self, connector: ConnectorName, act: impl FnOnce(&mut Health) -> T) -> Option<T> {
        let mut of = self.of.lock().ok()?;
        let found = of.iter_mut().find(|(name, _)| *name == connector);
        found.map(|(_, health)| act(health))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Failure;
    use chassis::ManualClock;
    use chrono::{DateTime, TimeDelta};

    #[test]
    fn only_silence_and_being_shut_out_make_one_unwell() {
        let why = |code: &str| Failure {
            code: code.to_owned(),
            detail: String::new(),
        };
        for (outcome, is_well) in [
            (Outcome::done(), true),
            (Outcome::Declined(why("card_declined")), true),
            (Outcome::Failed(why("connector_refused")), true),
            (Outcome::Failed(why("connector_misconfigured")), false),
            (Outcome::Unknown("no answer".to_owned()), false),
        ] {
            let clock = Arc::new(ManualClock::at(DateTime::UNIX_EPOCH));
            let wellbeing = Wellbeing::new(Arc::<ManualClock>::clone(&clock));
            for _ in 0..5 {
                wellbeing.performed(ConnectorName::Stripe, &outcome);
            }
            assert_eq!(wellbeing.is_well(ConnectorName::Stripe), is_well, "{outcome:?}");
            assert!(
                wellbeing.is_well(ConnectorName::Simulator),
                "one says nothing of another"
            );
            clock.set(DateTime::UNIX_EPOCH + TimeDelta::seconds(30));
            assert!(wellbeing.is_well(ConnectorName::Stripe), "it recovers by itself");
        }
    }

    #[test]
    fn nobody_is_asked_for_what_is_only_recorded() {
        let wellbeing = Wellbeing::new(Arc::new(ManualClock::at(DateTime::UNIX_EPOCH)));
        for _ in 0..5 {
            wellbeing.performed(ConnectorName::External, &Outcome::Unknown(String::new()));
        }
        assert!(wellbeing.is_well(ConnectorName::External));
    }
}
