//! Lists of whoever's payments, by the primary key or by amount.
//!
//! The planner takes amounts for independent of their currency: what is much in dollars is common in won, so that by time
//! it would look through all payments for a few. Whether they are few is therefore looked up, and then these are sorted.

use ids::PartnerId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::page;
use super::{SLACK, Sort, Wanted, any_currency, first_at, has_amounts};
use crate::domain::PaymentStatus;

/// How many payments of the wanted amounts are few. To see that there are more takes less than a millisecond, on every page.
/// A page of more, evenly spread over ten million, is found by time within a fiftieth of all; of those that lie together far
/// from where the list begins, not before them.
const FEW: i64 = 5_000;

/// The list by time of which few payments have the wanted amounts.
macro_rules! of_few {
    ($conn:ident, $wanted:ident, $last:ident, $limit:ident, $after:literal, $order:literal) => {
        page!(
            $conn,
            $wanted,
            $last,
            $limit,
            ["with few as materialized (
                  select p.payment_id, p.status, p.currency, p.amount_minor, p.created_at
                    from payments p
                   where ($5::text is null or p.currency = $5) and ($14::text[] is null or p.currency = any($14))
                     and ($6::bigint is null or p.amount_minor >= $6) and ($7::bigint is null or p.amount_minor <= $7)
                     and ($1::uuid is null or " $after "))
              select p.payment_id as \"payment_id!\"
                from few p
               where ($4::uuid is null or true) and ($13::text is null or true)"],
            $after,
            $order
        )
    };
}

/// The list in one order.
macro_rules! of_all {
    ($conn:ident, $wanted:ident, $last:ident, $limit:ident, $after:literal, $order:literal) => {
        page!(
            $conn,
            $wanted,
            $last,
            $limit,
            ["select p.payment_id as \"payment_id!\"
               from payments p
               where ($4::uuid is null or true) and ($13::text is null or true)"],
            $after,
            $order
        )
    };
}

/// The payments after `last`, out of all.
pub(super) async fn page(
    conn: &mut PgConnection,
    wanted: &Wanted,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    match wanted.sort {
        Sort::Newest if are_few(conn, wanted).await? => {
            of_few!(
                conn,
                wanted,
                last,
                limit,
                "p.payment_id < $1",
                "p.payment_id desc"
            )
        }
        Sort::Oldest if are_few(conn, wanted).await? => {
            of_few!(conn, wanted, last, limit, "p.payment_id > $1", "p.payment_id")
        }
        Sort::Newest => of_all!(
            conn,
            wanted,
            last,
            limit,
            "p.payment_id < $1",
            "p.payment_id desc"
        ),
        Sort::Oldest => of_all!(conn, wanted, last, limit, "p.payment_id > $1", "p.payment_id"),
        Sort::Largest => of_all!(
            conn,
            wanted,
            last,
            limit,
            "(p.amount_minor, p.payment_id) < ($2, $1)",
            "p.amount_minor desc, p.payment_id desc"
        ),
        Sort::Smallest => of_all!(
            conn,
            wanted,
            last,
            limit,
            "(p.amount_minor, p.payment_id) > ($2, $1)",
            "p.amount_minor, p.payment_id"
        ),
    }
}

/// Whether amounts are wanted, and few payments have them.
async fn are_few(conn: &mut PgConnection, wanted: &Wanted) -> Result<bool, sqlx::Error> {
    if !has_amounts(wanted) {
        return Ok(false);
    }
    let found = sqlx::query_scalar!(
        r#"select count(*) as "count!"
             from (select from payments
                    where ($1::text is null or currency = $1) and ($2::text[] is null or currency = any($2))
                      and ($3::bigint is null or amount_minor >= $3) and ($4::bigint is null or amount_minor <= $4)
                    limit $5) as p"#,
        wanted.currency,
        any_currency(wanted) as _,
        wanted.amount_from_minor,
        wanted.amount_to_minor,
        FEW + 1
    )
    .fetch_one(conn)
    .await?;
    Ok(found <= FEW)
}
