//! Whole payments, put together from `payments`, `tenders` and `payment_lines`.

use std::collections::HashMap;

use contracts::events::{PaidLine, TenderKind};
use ids::{PartnerId, PaymentId, PaymentMethodId, TenderId};
use money::Currency;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{value, word};
use crate::domain::{
    Action, Failure, OwedLine, PaidBy, Payment, PaymentStatus, Tender, TenderAmounts, Token,
};

/// The payment of that id.
pub async fn one(conn: &mut PgConnection, id: PaymentId) -> Result<Option<Payment>, sqlx::Error> {
    Ok(these(conn, &[id.as_uuid()]).await?.pop())
}

/// The same, locked until the transaction ends: whoever moves anything of a payment comes through here first.
pub async fn lock(conn: &mut PgConnection, id: PaymentId) -> Result<Option<Payment>, sqlx::Error> {
    sqlx::query_scalar!(
        "select payment_id from payments where payment_id = $1 for update",
        id.as_uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    one(conn, id).await
}

/// What a list of payments is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    /// This status.
    pub status: Option<PaymentStatus>,
    /// This order reference, of any caller.
    pub order_reference: Option<&'a str>,
    /// A line of this partner.
    pub partner_id: Option<PartnerId>,
    /// Older than this one.
    pub before: Option<Uuid>,
}

/// At most `limit` payments, newest first.
pub async fn list(
    conn: &mut PgConnection,
    wanted: &Wanted<'_>,
    limit: i64,
) -> Result<Vec<Payment>, sqlx::Error> {
    let status = wanted.status.map(PaymentStatus::as_str);
    // A query for each index: one for all of them would be planned once, without any.
    let found = if let Some(partner) = wanted.partner_id {
        sqlx::query_scalar!(
            "select distinct p.payment_id
               from payment_lines l
               join payments p using (payment_id)
              where l.partner_id = $1
                and l.payment_id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                and ($3::text is null or p.status = $3)
                and ($4::text is null or p.order_reference = $4)
              order by p.payment_id desc limit $5",
            partner.as_uuid(),
            wanted.before,
            status,
            wanted.order_reference,
            limit
        )
        .fetch_all(&mut *conn)
        .await?
    } else if let Some(reference) = wanted.order_reference {
        // Two branches, since the index leaves failed ones out.
        sqlx::query_scalar!(
            r#"select payment_id as "payment_id!" from (
                   select payment_id, status from payments where order_reference = $1 and status <> 'failed'
                   union all
                   select payment_id, status from payments where order_reference = $1 and status = 'failed'
               ) as both_kinds
                where payment_id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                  and ($3::text is null or status = $3)
                order by payment_id desc limit $4"#,
            reference,
            wanted.before,
            status,
            limit
        )
        .fetch_all(&mut *conn)
        .await?
    } else if wanted.status.is_none_or(|s| s == PaymentStatus::Completed) {
        sqlx::query_scalar!(
            "select payment_id from payments
              where payment_id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                and ($2::text is null or status = $2)
              order by payment_id desc limit $3",
            wanted.before,
            status,
            limit
        )
        .fetch_all(&mut *conn)
        .await?
    } else {
        sqlx::query_scalar!(
            "select payment_id from payments
              where status = $2 and status <> 'completed'
                and payment_id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
              order by payment_id desc limit $3",
            wanted.before,
            status,
            limit
        )
        .fetch_all(&mut *conn)
        .await?
    };
    these(conn, &found).await
}

/// These payments, newest first.
async fn these(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Payment>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let heads = sqlx::query!(
        r#"select p.payment_id, p.caller, p.order_reference, p.currency, p.connector, p.capture, p.status, p.owed_minor,
                  p.amount_minor, p.captured_minor, p.failure_code, p.failure_detail, p.return_url, p.sold_at,
                  p.created_at, waiting.action_url as "action_url?", waiting.action_until as "action_until?"
             from payments p
             left join transactions waiting
                    on waiting.payment_id = p.payment_id and waiting.state = 'requires_action'
                   and p.status = 'requires_action'
            where p.payment_id = any($1) order by p.payment_id desc"#,
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut tenders = tenders_of(conn, ids).await?;
    let mut lines = lines_of(conn, ids).await?;
    heads
        .into_iter()
        .map(|head| {
            Ok(Payment {
                id: PaymentId::from_uuid(head.payment_id),
                caller: head.caller,
                order_reference: head.order_reference,
                currency: value(Currency::parse(&head.currency).ok(), "currency")?,
                connector: word(&head.connector)?,
                capture: word(&head.capture)?,
                status: word(&head.status)?,
                owed_minor: head.owed_minor,
                amount_minor: head.amount_minor,
                captured_minor: head.captured_minor,
                failure: head
                    .failure_code
                    .zip(head.failure_detail)
                    .map(|(code, detail)| Failure { code, detail }),
                return_url: head.return_url,
                action: head
                    .action_url
                    .zip(head.action_until)
                    .map(|(url, until)| Action { url, until }),
                sold_at: head.sold_at,
                created_at: head.created_at,
                tenders: tenders.remove(&head.payment_id).unwrap_or_default(),
                lines: lines.remove(&head.payment_id).unwrap_or_default(),
            })
        })
        .collect()
}

async fn tenders_of(
    conn: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Tender>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select t.payment_id, t.number, t.tender_id, t.kind, t.amount_minor, t.authorized_minor, t.captured_minor,
                  t.voided_minor, t.refunded_minor, t.refund_rank, t.held_until, m.token as "token?",
                  m.payment_method_id as "payment_method_id?", m.brand as "brand?", m.last_four as "last_four?",
                  m.holder_reference as "holder_reference?"
             from tenders t
             left join payment_methods m using (payment_method_id)
            where t.payment_id = any($1)
            order by t.payment_id, t.number"#,
        ids
    )
    .fetch_all(conn)
    .await?;
    let mut found: HashMap<Uuid, Vec<Tender>> = HashMap::new();
    for row in rows {
        found.entry(row.payment_id).or_default().push(Tender {
            id: TenderId::from_uuid(row.tender_id),
            number: row.number,
            kind: tender_kind(&row.kind)?,
            amounts: TenderAmounts {
                amount_minor: row.amount_minor,
                authorized_minor: row.authorized_minor,
                captured_minor: row.captured_minor,
                voided_minor: row.voided_minor,
                refunded_minor: row.refunded_minor,
            },
            token: row.token.map(Token::new),
            // One that was only seen in payments is nobody's, and has no address.
            paid_by: row
                .payment_method_id
                .filter(|_| row.holder_reference.is_some())
                .map(|id| PaidBy {
                    id: PaymentMethodId::from_uuid(id),
                    brand: row.brand,
                    last_four: row.last_four,
                }),
            refund_rank: row.refund_rank.unwrap_or(row.number),
            held_until: row.held_until,
        });
    }
    Ok(found)
}

async fn lines_of(
    conn: &mut PgConnection,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<OwedLine>>, sqlx::Error> {
    let rows = sqlx::query!(
        "select payment_id, line_number, partner_id, category, unit_price_minor, quantity, shipping_minor,
                tax_free_minor, discounts, refunded_minor, canceled_minor
           from payment_lines where payment_id = any($1) order by payment_id, line_number",
        ids
    )
    .fetch_all(conn)
    .await?;
    let mut found: HashMap<Uuid, Vec<OwedLine>> = HashMap::new();
    for row in rows {
        let line = PaidLine {
            line_number: row.line_number,
            partner_id: PartnerId::from_uuid(row.partner_id),
            category: row.category,
            unit_price_minor: row.unit_price_minor,
            quantity: row.quantity,
            shipping_minor: row.shipping_minor,
            tax_free_minor: row.tax_free_minor,
            discounts: value(serde_json::from_value(row.discounts).ok(), "discounts")?,
        };
        found.entry(row.payment_id).or_default().push(OwedLine {
            line,
            refunded_minor: row.refunded_minor,
            canceled_minor: row.canceled_minor,
        });
    }
    Ok(found)
}

pub(super) fn tender_kind(text: &str) -> Result<TenderKind, sqlx::Error> {
    value(
        serde_json::from_value(Value::String(text.to_owned())).ok(),
        "kind",
    )
}
