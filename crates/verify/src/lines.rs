//! What events say of payments and their lines, as the tables are asked for it.

use contracts::contract_terms::Bearer;
use contracts::events::{Discount, Origin, PaidLine};

/// Where a payment was made.
pub(crate) fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Platform => "platform",
        Origin::External => "external",
    }
}

/// What was sold of a line, but for its discounts.
pub(crate) fn sold(line: &PaidLine) -> String {
    format!(
        "line={} partner={} category={} price={} quantity={} shipping={} tax_free={}",
        line.line_number,
        line.partner_id.as_uuid(),
        line.category,
        line.unit_price_minor,
        line.quantity,
        line.shipping_minor,
        line.tax_free_minor
    )
}

/// All of a line.
pub(crate) fn whole(line: &PaidLine) -> String {
    format!("[{} discounts={}]", sold(line), discounts(&line.discounts))
}

fn word(bearer: Bearer) -> &'static str {
    match bearer {
        Bearer::Partner => "partner",
        Bearer::Platform => "platform",
    }
}

fn discounts(all: &[Discount]) -> String {
    let texts: Vec<String> = all
        .iter()
        .map(|d| format!("{}:{}", word(d.funded_by), d.amount_minor))
        .collect();
    texts.join(",")
}
