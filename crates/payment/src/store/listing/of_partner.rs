//! Lists of one partner's payments.
//!
//! Its lines know the order, by time and by amount, so that `distinct`, for the payments with several lines of the partner,
//! reads no more than the page. A join and not `exists`, which beside `or` would be asked for every payment there is: the
//! planner may begin with the lines, or with the payments of a rare status. What bounds the payments is said of the lines
//! too, since only equality is passed on.

use ids::PartnerId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::page;
use super::{SLACK, Sort, Wanted, any_currency, first_at};
use crate::domain::PaymentStatus;

/// The list in one order; a payment stands once in it, however many of its lines are the partner's.
macro_rules! of_partner {
    ($conn:ident, $wanted:ident, $last:ident, $limit:ident, $once:literal, $after:literal, $order:literal) => {
        page!(
            $conn,
            $wanted,
            $last,
            $limit,
            ["select distinct on (" $once ") l.payment_id as \"payment_id!\"
               from payment_lines l
               join payments p on p.payment_id = l.payment_id
               where l.partner_id = $4
                 and ($8::timestamptz is null or l.payment_id >= $9)
                 and ($10::timestamptz is null or l.payment_id <= $11)
                 and ($5::text is null or l.currency = $5)
                 and ($14::text[] is null or l.currency = any($14))
                 and ($6::bigint is null or l.payment_amount_minor >= $6)
                 and ($7::bigint is null or l.payment_amount_minor <= $7)
                 and ($13::text is null or true)"],
            $after,
            $order
        )
    };
}

/// The payments after `last`, out of those with a line of the partner.
pub(super) async fn page(
    conn: &mut PgConnection,
    wanted: &Wanted,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    match wanted.sort {
        Sort::Newest => of_partner!(
            conn,
            wanted,
            last,
            limit,
            "l.payment_id",
            "p.payment_id < $1 and l.payment_id < $1",
            "l.payment_id desc"
        ),
        Sort::Oldest => of_partner!(
            conn,
            wanted,
            last,
            limit,
            "l.payment_id",
            "p.payment_id > $1 and l.payment_id > $1",
            "l.payment_id"
        ),
        Sort::Largest => of_partner!(
            conn,
            wanted,
            last,
            limit,
            "l.payment_amount_minor, l.payment_id",
            "(p.amount_minor, p.payment_id) < ($2, $1)
             and (l.payment_amount_minor, l.payment_id) < ($2, $1)",
            "l.payment_amount_minor desc, l.payment_id desc"
        ),
        Sort::Smallest => of_partner!(
            conn,
            wanted,
            last,
            limit,
            "l.payment_amount_minor, l.payment_id",
            "(p.amount_minor, p.payment_id) > ($2, $1)
             and (l.payment_amount_minor, l.payment_id) > ($2, $1)",
            "l.payment_amount_minor, l.payment_id"
        ),
    }
}
