//! What is consumed. Published are `settlement-lines-priced`, `settlement-requested` and `settlement-completed`, by
//! the operations that make them true.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Handler, Record, Refusal, Work};
use chassis::Clock;
use contracts::Event;
use contracts::events::{
    ContractChanged, DisputeChanged, PartnerChanged, PaymentCompleted, PaymentRefunded, SettlementRequested,
};
use ids::WindowId;

use crate::ops::price_disputes::price_disputes;
use crate::ops::price_payments::price_payments;
use crate::ops::price_refunds::price_refunds;
use crate::ops::record_contracts::record_contracts;
use crate::ops::record_partners::record_partners;
use crate::ops::settle::settle;

/// What this service does with the events of every topic that it listens to.
#[derive(Clone)]
pub struct Events {
    clock: Arc<dyn Clock>,
}

impl Events {
    /// By that clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

fn events<E: Event>(records: &[&Record]) -> Result<Vec<E>, Refusal> {
    Ok(records
        .iter()
        .map(|record| record.event())
        .collect::<Result<_, _>>()?)
}

#[async_trait]
impl Handler for Events {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        let Some(topic) = records.first().map(|record| record.topic) else {
            return Ok(());
        };
        let now = self.clock.now();
        match topic {
            PaymentCompleted::TOPIC => {
                price_payments(work, &events::<PaymentCompleted>(records)?, now).await?;
            }
            PaymentRefunded::TOPIC => {
                price_refunds(work, &events::<PaymentRefunded>(records)?, now).await?;
            }
            DisputeChanged::TOPIC => {
                price_disputes(work, &events::<DisputeChanged>(records)?, now).await?;
            }
            ContractChanged::TOPIC => {
                record_contracts(work, events::<ContractChanged>(records)?, now).await?;
            }
            PartnerChanged::TOPIC => {
                record_partners(work, &events::<PartnerChanged>(records)?, now).await?;
            }
            SettlementRequested::TOPIC => {
                let requested: Vec<WindowId> = events::<SettlementRequested>(records)?
                    .into_iter()
                    .map(|event| event.window_id)
                    .collect();
                settle(work, &requested, now).await?;
            }
            other => return Err(Refusal::Never(format!("settlement does not listen to {other}"))),
        }
        Ok(())
    }
}
