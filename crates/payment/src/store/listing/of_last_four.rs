//! Lists of the payments that were paid by a means with these last four digits.
//!
//! Four digits are those of many methods, of which most pay little: of each no more than a page is read, in its order.

use ids::PartnerId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::page;
use super::{SLACK, Sort, Wanted, any_currency, first_at};
use crate::domain::PaymentStatus;

/// The list in one order; a payment stands once in it, however many of its tenders are paid so.
macro_rules! of_last_four {
    ($conn:ident, $wanted:ident, $last:ident, $limit:ident, $once:literal, $after:literal, $order:literal) => {
        page!(
            $conn,
            $wanted,
            $last,
            $limit,
            ["select distinct on (" $once ") f.payment_id as \"payment_id!\"
               from payment_methods m
               cross join lateral (select p.payment_id, p.amount_minor
                                     from tenders t
                                     join payments p on p.payment_id = t.payment_id
                                    where t.payment_method_id = m.payment_method_id
                 and ($8::timestamptz is null or t.payment_id >= $9)
                 and ($10::timestamptz is null or t.payment_id <= $11)
                 and ($4::uuid is null or exists (select from payment_lines l
                                                   where l.partner_id = $4 and l.payment_id = p.payment_id))"],
            $after,
            $order
        )
    };
}

/// The payments after `last`, out of those paid with such a method.
pub(super) async fn page(
    conn: &mut PgConnection,
    wanted: &Wanted,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    match wanted.sort {
        Sort::Newest => of_last_four!(
            conn,
            wanted,
            last,
            limit,
            "f.payment_id",
            "p.payment_id < $1 and t.payment_id < $1",
            "t.payment_id desc limit $12) as f
               where m.last_four = $13
               order by f.payment_id desc"
        ),
        Sort::Oldest => of_last_four!(
            conn,
            wanted,
            last,
            limit,
            "f.payment_id",
            "p.payment_id > $1 and t.payment_id > $1",
            "t.payment_id limit $12) as f
               where m.last_four = $13
               order by f.payment_id"
        ),
        Sort::Largest => of_last_four!(
            conn,
            wanted,
            last,
            limit,
            "f.amount_minor, f.payment_id",
            "(p.amount_minor, p.payment_id) < ($2, $1)",
            "p.amount_minor desc, p.payment_id desc limit $12) as f
               where m.last_four = $13
               order by f.amount_minor desc, f.payment_id desc"
        ),
        Sort::Smallest => of_last_four!(
            conn,
            wanted,
            last,
            limit,
            "f.amount_minor, f.payment_id",
            "(p.amount_minor, p.payment_id) > ($2, $1)",
            "p.amount_minor, p.payment_id limit $12) as f
               where m.last_four = $13
               order by f.amount_minor, f.payment_id"
        ),
    }
}
