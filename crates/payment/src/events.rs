//! What this service hears. What it tells: payment-requested, payment-completed, payment-failed.

use std::marker::PhantomData;

use async_trait::async_trait;
use bus::{Handler, Record, Refusal, Work};
use contracts::Event;
use contracts::events::{ContractChanged, PartnerChanged, PaymentRequested};

use crate::error::Error;
use crate::ops::Payments;

/// An event that this service takes in.
#[async_trait]
pub(crate) trait Heard: Event + Sized {
    /// Hands facts to the use case that they belong to.
    async fn take_in(payments: &Payments, work: &mut Work, told: &[Self]) -> Result<(), Error>;
}

#[async_trait]
impl Heard for PartnerChanged {
    async fn take_in(payments: &Payments, work: &mut Work, told: &[Self]) -> Result<(), Error> {
        payments.partners_told(work, told).await
    }
}

#[async_trait]
impl Heard for ContractChanged {
    async fn take_in(payments: &Payments, work: &mut Work, told: &[Self]) -> Result<(), Error> {
        payments.contracts_told(work, told).await
    }
}

#[async_trait]
impl Heard for PaymentRequested {
    async fn take_in(payments: &Payments, work: &mut Work, told: &[Self]) -> Result<(), Error> {
        payments.requests_told(work, told).await
    }
}

/// Takes in the events of one topic.
pub(crate) struct Listener<E> {
    payments: Payments,
    topic: PhantomData<fn() -> E>,
}

impl<E: Heard> Listener<E> {
    pub(crate) fn new(payments: Payments) -> Self {
        Self {
            payments,
            topic: PhantomData,
        }
    }
}

#[async_trait]
impl<E: Heard> Handler for Listener<E> {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        let told = records
            .iter()
            .map(|record| record.event::<E>())
            .collect::<Result<Vec<E>, _>>()?;
        Ok(E::take_in(&self.payments, work, &told).await?)
    }
}
