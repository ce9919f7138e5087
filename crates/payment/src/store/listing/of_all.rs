//! Lists of whoever's payments, by the primary key or by amount.

use ids::PartnerId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::page;
use super::{SLACK, Sort, Wanted, any_currency, first_at};
use crate::domain::PaymentStatus;

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
