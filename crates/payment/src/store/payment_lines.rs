//! The table `payment_lines`: what became of what the buyer owes.

use ids::PaymentId;
use sqlx::PgConnection;

use super::payments::Columns;
use crate::domain::amounts::line_amounts;
use crate::domain::{OwedLine, Part};

/// Gives parts of lines back, or, where `is_reversal`, takes back that they were.
pub async fn give_back(
    conn: &mut PgConnection,
    payment: PaymentId,
    parts: &[Part],
    is_reversal: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_lines l
            set refunded_minor = l.refunded_minor + case when $4 then - part.minor else part.minor end
           from unnest($2::int[], $3::bigint[]) as part (line_number, minor)
          where l.payment_id = $1 and l.line_number = part.line_number",
        payment.as_uuid(),
        &Columns(parts).of(|part| part.line_number),
        &Columns(parts).of(|part| part.amount_minor),
        is_reversal
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes which parts of lines are never taken.
pub async fn cancel(conn: &mut PgConnection, payment: PaymentId, parts: &[Part]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_lines l set canceled_minor = part.minor
           from unnest($2::int[], $3::bigint[]) as part (line_number, minor)
          where l.payment_id = $1 and l.line_number = part.line_number",
        payment.as_uuid(),
        &Columns(parts).of(|part| part.line_number),
        &Columns(parts).of(|part| part.amount_minor)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes more lines of a payment that exists.
pub async fn insert(
    conn: &mut PgConnection,
    payment: PaymentId,
    lines: &[OwedLine],
) -> Result<(), sqlx::Error> {
    for OwedLine { line, .. } in lines {
        let amounts = line_amounts(line).ok();
        let discounts =
            serde_json::to_value(&line.discounts).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        let written = sqlx::query!(
            "insert into payment_lines (payment_id, line_number, partner_id, category, unit_price_minor, quantity,
                                        shipping_minor, tax_free_minor, partner_discount_minor,
                                        platform_discount_minor, discounts, currency, payment_amount_minor)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, currency, amount_minor
               from payments where payment_id = $1",
            payment.as_uuid(),
            line.line_number,
            line.partner_id.as_uuid(),
            line.category,
            line.unit_price_minor,
            line.quantity,
            line.shipping_minor,
            line.tax_free_minor,
            amounts.map_or(0, |a| a.partner_discount),
            amounts.map_or(0, |a| a.platform_discount),
            discounts
        )
        .execute(&mut *conn)
        .await?;
        if written.rows_affected() != 1 {
            return Err(sqlx::Error::RowNotFound);
        }
    }
    Ok(())
}
