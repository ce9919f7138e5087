//! New payments under new keys, written in one statement with their keys, answers, means and events.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use bus::{FirstEvent, Statement};
use chrono::{DateTime, Utc};
use ids::PaymentId;
use once::{Answer, KeyedRequest};
use sqlx::PgConnection;

use super::payment_methods::Means;
use super::payments::Columns;
use super::rows::{NewKey, NewLine, NewMeans, NewOperation, NewPayment, NewTender};
use crate::domain::{Payment, Transaction};

/// A payment that is to be written.
#[derive(Debug)]
pub struct Draft<'a> {
    /// Under which key it was asked for.
    pub key: &'a KeyedRequest,
    /// The payment.
    pub payment: Payment,
    /// Its operations.
    pub operations: Vec<Transaction>,
    /// The fact that it is completed; none where it is not.
    pub event: Option<FirstEvent>,
    /// What is answered under its key; none as long as a connector has to be asked.
    pub answer: Option<Answer>,
}

/// The statement. No two of `drafts` share a key or an order reference.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'a> {
    /// The payments.
    pub drafts: &'a [Draft<'a>],
    /// What they are paid by, where a connector knows that by a token.
    pub means: &'a Means,
    /// The status of every answer.
    pub status: u16,
    /// How long a key that has no answer stays claimed.
    pub lease: Duration,
    /// When it all happens.
    pub now: DateTime<Utc>,
}

impl Statement for Writing<'_> {
    type Output = ();

    fn topics(&self) -> BTreeSet<&'static str> {
        let events = self.drafts.iter().filter_map(|draft| draft.event.as_ref());
        events.map(|event| event.topic).collect()
    }

    async fn run(self, conn: &mut PgConnection) -> Result<(), sqlx::Error> {
        let payments = self.drafts.iter().map(|d| NewPayment::from(&d.payment));
        let keys = self.drafts.iter().map(NewKey::from);
        let tenders = self
            .drafts
            .iter()
            .flat_map(|d| NewTender::of(&d.payment, |tender| self.means.of(&d.payment, tender)));
        let means = NewMeans::of(self.means, self.drafts.iter().map(|d| &d.payment));
        let operations = self.drafts.iter().flat_map(|d| &d.operations);
        let lines = self.drafts.iter().flat_map(|d| NewLine::of(&d.payment));
        let status = i16::try_from(self.status).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        sqlx::query_file_scalar!(
            "src/store/write.sql",
            &payments.collect::<Vec<_>>() as &[NewPayment<'_>],
            &keys.collect::<Vec<_>>() as &[NewKey<'_>],
            status,
            self.now,
            self.now + self.lease,
            &tenders.collect::<Vec<_>>() as &[NewTender<'_>],
            &means as &[NewMeans<'_>],
            &operations.map(NewOperation::from).collect::<Vec<_>>() as &[NewOperation<'_>],
            &lines.collect::<Result<Vec<_>, _>>()? as &[NewLine<'_>]
        )
        .fetch_one(conn)
        .await?;
        Ok(())
    }
}

/// Whether the statement was refused since a key was used before, or an order reference belongs to a payment that has not
/// failed: [`Taken`] says whose.
pub fn is_taken(error: &sqlx::Error) -> bool {
    let taken = ["keys_pk", "payments_order_reference"];
    postgres::violated_constraint(error).is_some_and(|constraint| taken.contains(&constraint))
}

/// Looks for the keys and order references of payments that are to be written. Rows are found by their keys: its place is one
/// for that.
#[derive(Debug)]
pub struct Taken<'a>(pub &'a [Draft<'a>]);

impl Statement for Taken<'_> {
    /// The payments that can't be written.
    type Output = HashSet<PaymentId>;

    fn topics(&self) -> BTreeSet<&'static str> {
        BTreeSet::new()
    }

    async fn run(self, conn: &mut PgConnection) -> Result<HashSet<PaymentId>, sqlx::Error> {
        let drafts = Columns(self.0);
        let taken = sqlx::query_scalar!(
            r#"with wanted as (
                   select * from unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[])
                            as d (payment_id, scope, order_reference, caller)
               )
               select payment_id as "payment_id!" from wanted join once.keys using (scope)
               union all
               select w.payment_id from wanted w join payments p using (order_reference, caller)
                where p.status <> 'failed'"#,
            &drafts.of(|d| d.payment.id.as_uuid()),
            &drafts.of(|d| d.key.scope.as_slice()) as &[&[u8]],
            &drafts.of(|d| d.payment.order_reference.as_str()) as &[&str],
            &drafts.of(|d| d.payment.caller.as_str()) as &[&str]
        )
        .fetch_all(conn)
        .await?;
        Ok(taken.into_iter().map(PaymentId::from_uuid).collect())
    }
}
