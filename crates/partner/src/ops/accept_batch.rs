//! Takes many partners in at once, with or without a first contract each.

use std::collections::{BTreeMap, HashMap, HashSet};

use bus::{Outbox, Work};
use contracts::events::PartnerChanged;
use ids::{ContractId, PartnerId};
use money::Currency;
use once::Answer;

use super::keyed::{Entry, Reply, Request, enter, leave};
use super::write_versions;
use crate::domain::{Contract, Fault, NewPartner, NewVersion, Partner};
use crate::error::Error;
use crate::store;

/// A partner that is to be there, with a contract if one is given.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// The partner.
    pub(crate) partner: NewPartner,
    /// The first version of a contract.
    pub(crate) contract: Option<NewVersion>,
}

/// One item of a batch: what it asks for, or why it can't be read.
pub(crate) type Item = Result<Order, Vec<Fault>>;

/// What became of an item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Accepted {
    /// The partner, and the contract that was asked for, are there.
    There {
        /// Whether this item made one of them.
        made: bool,
        /// The partner as it is, which may differ from what the item says where it was there before.
        partner: Partner,
        /// The contract, if one was asked for.
        contract: Option<Contract>,
    },
    /// The partner is there, and has a contract in the currency that says something else. That one stands.
    Differs {
        /// The partner.
        partner: Partner,
        /// The contract that it has.
        contract: Contract,
    },
    /// Fields are not valid; nothing was made.
    Invalid(Vec<Fault>),
}

/// Takes a batch in: one statement a table, however many items. A reference that exists is answered with the partner
/// that has it. Of two items with one reference, the first makes the partner.
pub(crate) async fn accept_batch(
    outbox: &Outbox,
    request: &Request,
    items: Vec<Item>,
    show: impl FnOnce(Vec<Accepted>) -> Result<Answer, Error>,
) -> Result<Reply, Error> {
    let (mut work, granted) = match enter(outbox, request).await? {
        Entry::Do(work, granted) => (work, granted),
        Entry::Done(reply) => return Ok(reply),
    };
    let orders: Vec<&Order> = items.iter().filter_map(|item| item.as_ref().ok()).collect();
    let partners = ensure_partners(&mut work, request, &orders).await?;
    let contracts = ensure_contracts(&mut work, request, &orders, &partners).await?;
    let mut told = Teller { partners, contracts };
    let outcome = items
        .into_iter()
        .map(|item| match item {
            Ok(order) => told.of(&order),
            Err(faults) => Ok(Accepted::Invalid(faults)),
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let answer = show(outcome)?;
    leave(work, &granted, answer).await
}

/// What is there after the batch, and which of it the batch made.
struct Found<K, T, I> {
    by_key: HashMap<K, T>,
    made: HashSet<I>,
}

type Partners = Found<String, Partner, PartnerId>;
type Contracts = Found<(PartnerId, Currency), Contract, ContractId>;

async fn ensure_partners(work: &mut Work, request: &Request, orders: &[&Order]) -> Result<Partners, Error> {
    let mut wanted: BTreeMap<&str, Partner> = BTreeMap::new();
    for order in orders {
        wanted
            .entry(order.partner.reference())
            .or_insert_with(|| order.partner.made(request.now));
    }
    let references: Vec<&str> = wanted.keys().copied().collect();
    let fresh: Vec<Partner> = wanted.values().cloned().collect();
    let made = store::partners::insert_missing(work.conn(), &fresh).await?;
    for partner in fresh.iter().filter(|p| made.contains(&p.id)) {
        work.publish(&PartnerChanged::from(partner), request.now)?;
    }
    let there = store::partners::by_references(work.conn(), &references).await?;
    Ok(Found {
        by_key: there.into_iter().map(|p| (p.reference.clone(), p)).collect(),
        made,
    })
}

async fn ensure_contracts(
    work: &mut Work,
    request: &Request,
    orders: &[&Order],
    partners: &Partners,
) -> Result<Contracts, Error> {
    let mut wanted: BTreeMap<(PartnerId, Currency), Contract> = BTreeMap::new();
    for order in orders {
        let partner = partners.by_key.get(order.partner.reference());
        if let (Some(first), Some(partner)) = (&order.contract, partner) {
            wanted
                .entry((partner.id, first.terms.get().currency))
                .or_insert_with(|| Contract::made(partner.id, first, request.now, &request.caller));
        }
    }
    let fresh: Vec<Contract> = wanted.into_values().collect();
    let made = store::contracts::insert_missing(work.conn(), &fresh).await?;
    let versions: Vec<_> = fresh
        .iter()
        .filter(|contract| made.contains(&contract.id))
        .flat_map(|contract| contract.versions.iter().map(move |version| (contract, version)))
        .collect();
    write_versions(work, &versions).await?;
    let owners: Vec<PartnerId> = fresh.iter().map(|contract| contract.partner_id).collect();
    let there = store::contracts::of_partners(work.conn(), &owners).await?;
    Ok(Found {
        by_key: there
            .into_iter()
            .map(|c| ((c.partner_id, c.currency), c))
            .collect(),
        made,
    })
}

/// Says of each item, in their order, what became of it. What the batch made, the first item that asks for it made.
struct Teller {
    partners: Partners,
    contracts: Contracts,
}

impl Teller {
    fn of(&mut self, order: &Order) -> Result<Accepted, Error> {
        let reference = order.partner.reference();
        let partner = self
            .partners
            .by_key
            .get(reference)
            .cloned()
            .ok_or_else(|| Error::form(format_args!("partner {reference:?}"), "written and not found"))?;
        let mut made = self.partners.made.remove(&partner.id);
        let Some(wanted) = &order.contract else {
            return Ok(Accepted::There {
                made,
                partner,
                contract: None,
            });
        };
        let key = (partner.id, wanted.terms.get().currency);
        let contract = self.contracts.by_key.get(&key).cloned().ok_or_else(|| {
            Error::form(
                format_args!("a contract of {}", partner.id),
                "written and not found",
            )
        })?;
        if !contract.says(wanted) {
            return Ok(Accepted::Differs { partner, contract });
        }
        made |= self.contracts.made.remove(&contract.id);
        Ok(Accepted::There {
            made,
            partner,
            contract: Some(contract),
        })
    }
}
