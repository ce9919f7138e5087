//! Whether the partners of an order may sell: known from events, else asked.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::Method;
use bus::Outbox;
use chassis::{Clock, Peers};
use contracts::internal::{PartnerLookup, PartnerLookupAnswer};
use ids::PartnerId;
use money::Currency;
use web::{Code, FieldError};

use crate::domain::Order;
use crate::error::Error;
use crate::store::known::{self, Standing};

/// How long a partner that may sell is not looked at again. Another copy's news of it reach this one by then.
const FRESH: Duration = Duration::from_secs(5);
/// Pairs that are remembered at most.
const REMEMBERED: usize = 100_000;
/// How long the partner service may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many partners one question to it may name.
const QUESTION: usize = 1_000;

type Pair = (PartnerId, Currency);

pub(super) struct Partners {
    peers: Peers,
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    /// Pairs that may sell, and until when that is believed.
    fresh: Mutex<HashMap<Pair, Instant>>,
}

/// Why a partner may not sell in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    Unknown,
    Closed,
    NotContracted,
}

/// What stands in the way. A partner without any contract yet may sell: its lines wait, visibly, until they can be
/// priced.
fn obstacle(standing: Option<&Standing>, currency: Currency) -> Option<Obstacle> {
    match standing {
        None => Some(Obstacle::Unknown),
        Some(known) if !known.is_active => Some(Obstacle::Closed),
        Some(known) if known.currencies.is_empty() || known.currencies.contains(&currency) => None,
        Some(_) => Some(Obstacle::NotContracted),
    }
}

impl Partners {
    pub(super) fn new(peers: Peers, outbox: Outbox, clock: Arc<dyn Clock>) -> Self {
        Self {
            peers,
            outbox,
            clock,
            fresh: Mutex::default(),
        }
    }

    /// A verdict for each order. Before one is refused, the partner service was asked.
    pub(super) async fn check(&self, orders: &[Order]) -> Result<Vec<Result<(), Error>>, Error> {
        let pairs = self.not_fresh(orders);
        if pairs.is_empty() {
            return Ok(orders.iter().map(|_| Ok(())).collect());
        }
        let mut obstacles = self.obstacles(&pairs).await?;
        let mut silence = None;
        if !obstacles.is_empty() {
            let doubtful: HashSet<PartnerId> = obstacles.keys().map(|(partner, _)| *partner).collect();
            match self.ask(doubtful).await? {
                Ok(()) => obstacles = self.obstacles(&pairs).await?,
                Err(reason) => silence = Some(reason),
            }
        }
        self.remember(pairs.iter().filter(|pair| !obstacles.contains_key(pair)));
        Ok(orders
            .iter()
            .map(|order| verdict(order, &obstacles, silence.as_deref()))
            .collect())
    }

    fn not_fresh(&self, orders: &[Order]) -> Vec<Pair> {
        let now = Instant::now();
        let Ok(fresh) = self.fresh.lock() else {
            return Vec::new();
        };
        let is_stale = |pair: &Pair| fresh.get(pair).is_none_or(|until| *until < now);
        let pairs: HashSet<Pair> = orders
            .iter()
            .flat_map(|order| order.lines.iter().map(|line| (line.partner_id, order.currency)))
            .filter(is_stale)
            .collect();
        pairs.into_iter().collect()
    }

    fn remember<'a>(&self, pairs: impl Iterator<Item = &'a Pair>) {
        let until = Instant::now() + FRESH;
        let Ok(mut fresh) = self.fresh.lock() else { return };
        if fresh.len() >= REMEMBERED {
            fresh.clear();
        }
        fresh.extend(pairs.map(|pair| (*pair, until)));
    }

    /// News of a partner came: what was believed of it is looked up again.
    pub(super) fn forget(&self, partners: &HashSet<PartnerId>) {
        if let Ok(mut fresh) = self.fresh.lock() {
            fresh.retain(|(partner, _), _| !partners.contains(partner));
        }
    }

    async fn obstacles(&self, pairs: &[Pair]) -> Result<HashMap<Pair, Obstacle>, Error> {
        let partners: Vec<PartnerId> = pairs.iter().map(|(partner, _)| *partner).collect();
        let standings = known::standings(self.outbox.db().pool(), &partners).await?;
        Ok(pairs
            .iter()
            .filter_map(|pair| Some((*pair, obstacle(standings.get(&pair.0), pair.1)?)))
            .collect())
    }

    /// Asks the partner service and keeps what it says. The inner error says why it did not answer.
    async fn ask(&self, partners: HashSet<PartnerId>) -> Result<Result<(), String>, Error> {
        let partners: Vec<PartnerId> = partners.into_iter().collect();
        for some in partners.chunks(QUESTION) {
            let question = PartnerLookup {
                partner_ids: some.to_vec(),
            };
            let path = "/internal/v1/partners/lookup";
            let answer: PartnerLookupAnswer = match self
                .peers
                .ask("partner", Method::POST, path, Some(&question), PATIENCE)
                .await
            {
                Ok(answer) => answer,
                Err(error) => return Ok(Err(error.to_string())),
            };
            let mut work = self.outbox.begin().await?;
            known::put_partners(work.conn(), &answer.partners, self.clock.now()).await?;
            known::put_contracts(work.conn(), &answer.contracts).await?;
            work.commit().await?;
        }
        Ok(Ok(()))
    }
}

fn verdict(order: &Order, obstacles: &HashMap<Pair, Obstacle>, silence: Option<&str>) -> Result<(), Error> {
    let errors: Vec<FieldError> = (0_usize..)
        .zip(&order.lines)
        .filter_map(|(place, line)| {
            let obstacle = obstacles.get(&(line.partner_id, order.currency))?;
            Some(field_error(place, line.partner_id, order.currency, *obstacle))
        })
        .collect();
    match (errors.is_empty(), silence) {
        (true, _) => Ok(()),
        (false, Some(reason)) => Err(Error::PartnersUnavailable(reason.to_owned())),
        (false, None) => Err(Error::Fields(errors)),
    }
}

fn field_error(place: usize, partner: PartnerId, currency: Currency, obstacle: Obstacle) -> FieldError {
    let (code, detail) = match obstacle {
        Obstacle::Unknown => (
            Code::UnknownPartner,
            format!("there is no partner {partner}; make it first"),
        ),
        Obstacle::Closed => (
            Code::InvalidField,
            format!("{partner} is closed and sells no more; open it again, or name another"),
        ),
        Obstacle::NotContracted => (
            Code::CurrencyNotContracted,
            format!("{partner} has contracts, but none in {currency}; add one, or pay in a currency it has"),
        ),
    };
    FieldError {
        pointer: format!("/lines/{place}/partner_id"),
        code,
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_sell_in_won() {
        let standing = |is_active, currencies: &[Currency]| {
            Some(Standing {
                is_active,
                currencies: currencies.to_vec(),
            })
        };
        for (known, expected) in [
            (None, Some(Obstacle::Unknown)),
            (standing(true, &[]), None),
            (standing(true, &[Currency::KRW]), None),
            (standing(true, &[Currency::USD, Currency::KRW]), None),
            (standing(true, &[Currency::USD]), Some(Obstacle::NotContracted)),
            (standing(false, &[Currency::KRW]), Some(Obstacle::Closed)),
            (standing(false, &[]), Some(Obstacle::Closed)),
        ] {
            assert_eq!(obstacle(known.as_ref(), Currency::KRW), expected, "{known:?}");
        }
    }
}
