//! Disputes: opened and decided elsewhere, told by webhooks, answered with evidence.

use contracts::events::{DisputeChanged, DisputeState, DisputedFunds};
use ids::{DisputeId, PaymentId};
use money::Money;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Payments;
use super::webhooks::wait;
use crate::domain::dispute::{Dispute, DisputeNews, disputed_lines, disputed_parts};
use crate::domain::status::given_up;
use crate::domain::{Done, Payment};
use crate::error::Error;
use crate::store::disputes::{self, Wanted};
use crate::store::webhooks::{Fate, Taken};
use crate::store::{reading, tenders, transactions};

/// What a list of disputes is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeFilter {
    /// Of this payment.
    pub payment_id: Option<PaymentId>,
    /// In this state.
    pub state: Option<DisputeState>,
}

impl Payments {
    /// Takes in what a connector tells of a dispute, under the lock of its payment.
    ///
    /// What a bank takes is booked even where less is left of the payment: it does not ask. `jeongsan verify` shows that
    /// as a break.
    pub(super) async fn told_dispute(&self, taken: &Taken, news: &DisputeNews) -> Result<Fate, Error> {
        let connector = taken.connector;
        let mut work = self.0.outbox.begin().await?;
        let Some((payment_id, tender_number)) =
            disputes::disputed(work.conn(), connector, &news.charge).await?
        else {
            // Whoever began it may not have heard yet how its connector names it.
            let why = format!("there is no charge {}", news.charge);
            return Ok(wait(taken, why, self.now()));
        };
        let payment = reading::lock(work.conn(), payment_id)
            .await?
            .ok_or(Error::NotFound(payment_id))?;
        // Not before: whoever had the lock may just have begun what ends now.
        let now = self.now();
        let told_in = news.amount.currency();
        if told_in != payment.currency {
            let why = format!("{told_in} is disputed of a payment in {}", payment.currency);
            tracing::error!(%payment_id, reference = news.reference, why, "a dispute can't be booked");
            return Ok(wait(taken, why, now));
        }
        let history = transactions::of_payment(work.conn(), payment_id).await?;
        if history.iter().any(Done::is_to_come) {
            // Whether partners are credited for it at all is not known yet.
            let why = format!("{payment_id} is neither taken nor given up yet");
            return Ok(wait(taken, why, now));
        }
        let all = disputes::of_payment(work.conn(), payment_id).await?;
        let known = all
            .iter()
            .find(|dispute| dispute.connector == connector && dispute.reference == news.reference);
        let (mut dispute, funds) = if let Some(dispute) = known {
            if let Some(why) = dispute.contradiction(news) {
                tracing::error!(%payment_id, dispute_id = %dispute.id, why, "a dispute is told of with another amount");
            }
            let Some(changed) = dispute.after(news) else {
                return Ok(Fate::Done);
            };
            changed
        } else {
            Dispute::opened((payment_id, tender_number), connector, news, now)
        };
        // Of a mere warning they are what would be taken as things stand: what goes back until the bank takes the money is
        // not left then.
        if known.is_none() || funds == DisputedFunds::Withdrawn {
            dispute.parts = disputed_parts(&payment, &history, dispute.tender_number, dispute.amount_minor);
        }
        disputes::put(work.conn(), &dispute).await?;
        let minor = match funds {
            DisputedFunds::Unmoved => 0,
            DisputedFunds::Withdrawn => dispute.amount_minor,
            DisputedFunds::Returned => dispute.amount_minor.saturating_neg(),
        };
        if minor != 0 {
            tenders::dispute(work.conn(), payment_id, tender_number, minor).await?;
        }
        work.publish(&changed(&payment, &dispute, funds)?, now)?;
        let stood = payment.status;
        let concluded = if given_up(&history).is_some() && dispute.is_felt(funds) {
            let concluding = self.conclude_dispute(&mut work, payment, history, tender_number, now);
            Some(concluding.await?)
        } else {
            None
        };
        work.commit().await?;
        metrics::counter!("jeongsan_disputes_total", "state" => crate::domain::dispute::word(dispute.state))
            .increment(1);
        if let Some(concluded) = concluded {
            self.carry_on(concluded, stood).await?;
        }
        Ok(Fate::Done)
    }

    /// The dispute of that id.
    pub async fn dispute(&self, id: DisputeId) -> Result<(Dispute, Payment), Error> {
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        let dispute = disputes::one(&mut conn, id).await?.ok_or(Error::NoDispute(id))?;
        let payment = reading::one(&mut conn, dispute.payment_id)
            .await?
            .ok_or(Error::NotFound(dispute.payment_id))?;
        Ok((dispute, payment))
    }

    /// At most `limit` disputes before `before`, the newest first, each with its payment.
    pub async fn disputes(
        &self,
        filter: &DisputeFilter,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<(Dispute, Payment)>, Error> {
        let wanted = Wanted {
            payment_id: filter.payment_id,
            state: filter.state,
            before,
        };
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        let found = disputes::list(&mut conn, &wanted, limit).await?;
        let payments = reading::many(&mut conn, found.iter().map(|dispute| dispute.payment_id)).await?;
        let of = |dispute: &Dispute| {
            payments
                .iter()
                .find(|payment| payment.id == dispute.payment_id)
                .cloned()
        };
        Ok(found
            .into_iter()
            .filter_map(|dispute| {
                let payment = of(&dispute)?;
                Some((dispute, payment))
            })
            .collect())
    }
}

fn changed(payment: &Payment, dispute: &Dispute, funds: DisputedFunds) -> Result<DisputeChanged, Error> {
    let tender = payment
        .tender(dispute.tender_number)
        .ok_or_else(|| Error::Broken {
            payment_id: payment.id,
            rule: "a dispute is of a tender".to_owned(),
        })?;
    Ok(DisputeChanged {
        dispute_id: dispute.id,
        version: dispute.version,
        payment_id: payment.id,
        order_reference: payment.order_reference.clone(),
        sold_at: payment.sold_at,
        tender_id: tender.id,
        tender_kind: tender.kind,
        amount: Money::new(dispute.amount_minor, payment.currency),
        reason: dispute.reason.clone(),
        state: dispute.state,
        funds,
        lines: disputed_lines(&payment.lines, &dispute.parts),
        changed_at: dispute.changed_at,
    })
}
