//! What other services, and this one, told by events.

use std::collections::HashSet;

use bus::Work;
use contracts::events::{ContractChanged, PartnerChanged, PaymentRequested};
use ids::{PartnerId, PaymentId};

use super::Payments;
use crate::error::Error;
use crate::store::{known, transactions};

impl Payments {
    /// Takes in what partners are now.
    pub async fn partners_told(&self, work: &mut Work, told: &[PartnerChanged]) -> Result<(), Error> {
        known::put_partners(work.conn(), told, self.now()).await?;
        let partners: HashSet<PartnerId> = told.iter().map(|p| p.partner_id).collect();
        self.0.partners.forget(&partners);
        Ok(())
    }

    /// Takes in versions of contracts.
    pub async fn contracts_told(&self, work: &mut Work, told: &[ContractChanged]) -> Result<(), Error> {
        known::put_contracts(work.conn(), told).await?;
        let partners: HashSet<PartnerId> = told.iter().map(|c| c.partner_id).collect();
        self.0.partners.forget(&partners);
        Ok(())
    }

    /// Hands requested payments to the worker: no connector is called here, inside a transaction.
    pub async fn requests_told(&self, work: &mut Work, told: &[PaymentRequested]) -> Result<(), Error> {
        let payments: Vec<PaymentId> = told.iter().map(|r| r.payment_id).collect();
        transactions::make_due(work.conn(), &payments, self.now()).await?;
        Ok(())
    }
}
