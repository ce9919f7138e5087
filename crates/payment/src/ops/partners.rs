//! Whether the partners of an order may sell: known from events, else asked.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bus::Outbox;
use chassis::Clock;
use contracts::events::PaidLine;
use ids::PartnerId;
use money::Currency;

use crate::domain::selling::{Obstacle, Obstructed, obstacle};
use crate::error::Error;
use crate::partner_service::{PartnerService, QUESTION};
use crate::store::known;

/// How long a partner that may sell is not looked at again. Another copy's news of it reach this one by then.
const FRESH: Duration = Duration::from_secs(5);
/// Pairs that are remembered at most.
const REMEMBERED: usize = 100_000;

type Pair = (PartnerId, Currency);
/// Lines that are sold in a currency.
pub(super) type Sale<'a> = (Currency, &'a [PaidLine]);

pub(super) struct Partners {
    service: PartnerService,
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    /// Pairs that may sell, and until when that is believed.
    fresh: Mutex<HashMap<Pair, Instant>>,
}

impl Partners {
    pub(super) fn new(service: PartnerService, outbox: Outbox, clock: Arc<dyn Clock>) -> Self {
        Self {
            service,
            outbox,
            clock,
            fresh: Mutex::default(),
        }
    }

    /// A verdict for each of these lists of lines. Before one is refused, the partner service was asked.
    pub(super) async fn check(&self, sales: &[Sale<'_>]) -> Result<Vec<Result<(), Error>>, Error> {
        let pairs = self.not_fresh(sales);
        if pairs.is_empty() {
            return Ok(sales.iter().map(|_| Ok(())).collect());
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
        Ok(sales
            .iter()
            .map(|sale| verdict(*sale, &obstacles, silence.as_deref()))
            .collect())
    }

    fn not_fresh(&self, sales: &[Sale<'_>]) -> Vec<Pair> {
        let now = Instant::now();
        let Ok(fresh) = self.fresh.lock() else {
            return Vec::new();
        };
        let is_stale = |pair: &Pair| fresh.get(pair).is_none_or(|until| *until < now);
        let pairs: HashSet<Pair> = sales
            .iter()
            .flat_map(|(currency, lines)| lines.iter().map(|line| (line.partner_id, *currency)))
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
            let answer = match self.service.look_up(some.to_vec()).await {
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

fn verdict(
    (currency, lines): Sale<'_>,
    obstacles: &HashMap<Pair, Obstacle>,
    silence: Option<&str>,
) -> Result<(), Error> {
    let obstructed: Vec<Obstructed> = (0_usize..)
        .zip(lines)
        .filter_map(|(place, line)| {
            Some(Obstructed {
                place,
                partner_id: line.partner_id,
                currency,
                obstacle: *obstacles.get(&(line.partner_id, currency))?,
            })
        })
        .collect();
    match (obstructed.is_empty(), silence) {
        (true, _) => Ok(()),
        (false, Some(reason)) => Err(Error::PartnersUnavailable(reason.to_owned())),
        (false, None) => Err(Error::MayNotSell(obstructed)),
    }
}
