//! What all lists have in common.

/// One page: `$from`, in pieces, up to the first condition, the filter that all share, and `$order`. They are the macro's, since no
/// plan may depend on a parameter for its order. A condition of something that is not wanted is gone from the plan.
macro_rules! page {
    ($conn:ident, $wanted:ident, $last:ident, $limit:ident, [$($from:literal)+], $after:literal, $order:literal) => {
        sqlx::query_scalar!(
            $($from +)+ " and ($1::uuid is null or "
                + $after
                + ")
                and ($2::bigint is null or true)
                and ($3::text is null or p.status = $3)
                and ($5::text is null or p.currency = $5)
                and ($14::text[] is null or p.currency = any($14))
                and ($6::bigint is null or p.amount_minor >= $6)
                and ($7::bigint is null or p.amount_minor <= $7)
                and ($8::timestamptz is null or p.created_at >= $8 and p.payment_id >= $9)
                and ($10::timestamptz is null or p.created_at < $10 and p.payment_id <= $11)
              order by "
                + $order
                + " limit $12",
            $last,
            $wanted.last_minor,
            $wanted.status.map(PaymentStatus::as_str),
            $wanted.partner_id.map(PartnerId::as_uuid),
            $wanted.currency,
            $wanted.amount_from_minor,
            $wanted.amount_to_minor,
            $wanted.created_from,
            $wanted.created_from.map(|at| first_at(at - SLACK)),
            $wanted.created_to,
            $wanted.created_to.map(|at| first_at(at + SLACK)),
            $limit,
            $wanted.last_four,
            any_currency($wanted) as _
        )
        .fetch_all(&mut *$conn)
        .await
    };
}
pub(super) use page;
