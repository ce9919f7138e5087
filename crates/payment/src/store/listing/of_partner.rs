//! Lists of one partner's payments.
//!
//! A join and not `exists`, which beside `or` would be asked for every payment there is: the planner may begin with the
//! partner's lines, or with the order, whichever finds a page sooner. Both give the order, so that `distinct`, for the
//! payments with several lines of the partner, reads no more than the page. What bounds the identifiers is said of the
//! lines too, since only equality is passed on.

use ids::PartnerId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::page;
use super::{SLACK, Sort, Wanted, any_currency, first_at};
use crate::domain::PaymentStatus;

/// The payments after `last`, out of those with a line of the partner.
pub(super) async fn page(
    conn: &mut PgConnection,
    wanted: &Wanted,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    match wanted.sort {
        Sort::Newest => page!(
            conn,
            wanted,
            last,
            limit,
            "select distinct on (p.payment_id) p.payment_id as \"payment_id!\"
               from payment_lines l
               join payments p on p.payment_id = l.payment_id
               where l.partner_id = $4
                 and ($8::timestamptz is null or l.payment_id >= $9)
                 and ($10::timestamptz is null or l.payment_id <= $11)
                 and ($13::text is null or true)",
            "p.payment_id < $1 and l.payment_id < $1",
            "p.payment_id desc"
        ),
        Sort::Oldest => page!(
            conn,
            wanted,
            last,
            limit,
            "select distinct on (p.payment_id) p.payment_id as \"payment_id!\"
               from payment_lines l
               join payments p on p.payment_id = l.payment_id
               where l.partner_id = $4
                 and ($8::timestamptz is null or l.payment_id >= $9)
                 and ($10::timestamptz is null or l.payment_id <= $11)
                 and ($13::text is null or true)",
            "p.payment_id > $1 and l.payment_id > $1",
            "p.payment_id"
        ),
        Sort::Largest => page!(
            conn,
            wanted,
            last,
            limit,
            "select distinct on (p.amount_minor, p.payment_id) p.payment_id as \"payment_id!\"
               from payment_lines l
               join payments p on p.payment_id = l.payment_id
               where l.partner_id = $4
                 and ($8::timestamptz is null or l.payment_id >= $9)
                 and ($10::timestamptz is null or l.payment_id <= $11)
                 and ($13::text is null or true)",
            "(p.amount_minor, p.payment_id) < ($2, $1)",
            "p.amount_minor desc, p.payment_id desc"
        ),
        Sort::Smallest => page!(
            conn,
            wanted,
            last,
            limit,
            "select distinct on (p.amount_minor, p.payment_id) p.payment_id as \"payment_id!\"
               from payment_lines l
               join payments p on p.payment_id = l.payment_id
               where l.partner_id = $4
                 and ($8::timestamptz is null or l.payment_id >= $9)
                 and ($10::timestamptz is null or l.payment_id <= $11)
                 and ($13::text is null or true)",
            "(p.amount_minor, p.payment_id) > ($2, $1)",
            "p.amount_minor, p.payment_id"
        ),
    }
}
