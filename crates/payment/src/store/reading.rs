//! Whole payments, put together from `payments`, `tenders`, `payment_lines` and what `disputes` took of these.

use std::collections::HashMap;

use contracts::events::{PaidLine, TenderKind};
use ids::{PartnerId, PaymentId, PaymentMethodId, TenderId};
use money::Currency;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{value, word};
use crate::domain::{Action, Failure, OwedLine, PaidBy, Payment, Tender, TenderAmounts, Token};

/// Has a transaction that has asked for nothing yet see all it reads as of one moment: a payment is read from several
/// tables, and its status must fit its amounts.
pub async fn at_one_moment(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("set transaction isolation level repeatable read, read only")
        .execute(conn)
        .await?;
    Ok(())
}

/// The payment of that id.
pub async fn one(conn: &mut PgConnection, id: PaymentId) -> Result<Option<Payment>, sqlx::Error> {
    Ok(these(conn, &[id.as_uuid()]).await?.pop())
}

/// The payments of these ids, in their order; those that are not there are left out.
pub async fn many(
    conn: &mut PgConnection,
    ids: impl Iterator<Item = PaymentId>,
) -> Result<Vec<Payment>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.map(PaymentId::as_uuid).collect();
    let places: HashMap<Uuid, usize> = ids.iter().copied().zip(0..).collect();
    let mut found = these(conn, &ids).await?;
    found.sort_by_key(|payment| places.get(&payment.id.as_uuid()).copied());
    Ok(found)
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

/// How a payment is paid, as it is written now.
pub async fn tenders(conn: &mut PgConnection, of: PaymentId) -> Result<Vec<Tender>, sqlx::Error> {
    let mut found = tenders_of(conn, &[of.as_uuid()]).await?;
    Ok(found.remove(&of.as_uuid()).unwrap_or_default())
}

/// These payments, in no order.
async fn these(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Payment>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let heads = sqlx::query!(
        r#"select p.payment_id, p.caller, p.order_reference, p.currency, p.connector, p.capture, p.status, p.owed_minor,
                  p.amount_minor, p.captured_minor, p.failure_code, p.failure_detail, p.return_url, p.sold_at,
                  p.created_at, waiting.action_url as "action_url?", waiting.action_until as "action_until?",
                  array(select r.connector from payment_routes r where r.payment_id = p.payment_id order by r.place)
                      as "route!"
             from payments p
             left join transactions waiting
                    on waiting.payment_id = p.payment_id and waiting.state = 'requires_action'
                   and p.status = 'requires_action'
            where p.payment_id = any($1)"#,
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
                route: head
                    .route
                    .iter()
                    .map(|name| word(name))
                    .collect::<Result<_, _>>()?,
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
                  t.voided_minor, t.refunded_minor, t.disputed_minor, t.refund_rank, t.held_until, m.token as "token?",
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
                disputed_minor: row.disputed_minor,
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
    // What is disputed is worked out once for all of them, and not once a line: few payments have a dispute.
    let rows = sqlx::query!(
        r#"with disputed as materialized (
               select d.payment_id, (part.value ->> 'line_number')::int as line_number,
                      sum((part.value ->> 'amount_minor')::bigint)::bigint as minor
                 from disputes d
                cross join lateral jsonb_array_elements(d.parts) as part (value)
                where d.payment_id = any($1) and d.is_withdrawn
                group by 1, 2)
           select l.payment_id, l.line_number, l.partner_id, l.category, l.unit_price_minor, l.quantity,
                  l.shipping_minor, l.tax_free_minor, l.discounts, l.refunded_minor, l.canceled_minor,
                  coalesce((select d.minor from disputed d
                             where d.payment_id = l.payment_id and d.line_number = l.line_number), 0)
                      as "disputed_minor!"
             from payment_lines l where l.payment_id = any($1) order by l.payment_id, l.line_number"#,
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
            disputed_minor: row.disputed_minor,
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
