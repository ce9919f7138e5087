//! Lists of whoever's payments, by the primary key or by amount.

use ids::PartnerId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::page;
use super::{SLACK, Sort, Wanted, any_currency, first_at};
use crate::domain::PaymentStatus;

/// The payments after `last`, out of all.
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
            "select p.payment_id as \"payment_id!\"
               from payments p
               where ($4::uuid is null or true) and ($13::text is null or true)",
            "p.payment_id < $1",
            "p.payment_id desc"
        ),
        Sort::Oldest => page!(
            conn,
            wanted,
            last,
            limit,
            "select p.payment_id as \"payment_id!\"
               from payments p
               where ($4::uuid is null or true) and ($13::text is null or true)",
            "p.payment_id > $1",
            "p.payment_id"
        ),
        Sort::Largest => page!(
            conn,
            wanted,
            last,
            limit,
            "select p.payment_id as \"payment_id!\"
               from payments p
               where ($4::uuid is null or true) and ($13::text is null or true)",
            "(p.amount_minor, p.payment_id) < ($2, $1)",
            "p.amount_minor desc, p.payment_id desc"
        ),
        Sort::Smallest => page!(
            conn,
            wanted,
            last,
            limit,
            "select p.payment_id as \"payment_id!\"
               from payments p
               where ($4::uuid is null or true) and ($13::text is null or true)",
            "(p.amount_minor, p.payment_id) > ($2, $1)",
            "p.amount_minor, p.payment_id"
        ),
    }
}
