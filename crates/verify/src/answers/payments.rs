//! What answers of the payment service promise.

use serde_json::Value;

use super::{Claim, Promise, id, micros, number, text};

/// The answer to one payment, to a batch of them, to a payment method, or to evidence.
pub(super) fn payments(body: &Value) -> Option<Promise> {
    if body.get("dispute_id").is_some() {
        return Some(Promise {
            claims: evidence(body)?,
            made_at: Some(micros(body, "submitted_at")?),
            may_be_changed: false,
            statuses: &[202],
        });
    }
    if body.get("holder_reference").is_some() {
        return Some(Promise {
            claims: payment_method(body)?,
            // It may have been seen in a payment before it was added, and may be added again as it is.
            made_at: None,
            may_be_changed: false,
            statuses: &[200, 201],
        });
    }
    let Some(results) = body.get("results") else {
        let is_open = matches!(text(body, "status")?, "requested" | "processing");
        return Some(Promise {
            claims: payment(body)?,
            made_at: Some(micros(body, "created_at")?),
            may_be_changed: true,
            // Made now, or changed.
            statuses: if is_open { &[202] } else { &[200, 201] },
        });
    };
    let mut claims = Vec::new();
    for result in results.as_array()? {
        match result.get("payment") {
            Some(view) => claims.extend(payment(view)?),
            None => drop(result.get("problem")?),
        }
    }
    Some(Promise {
        claims,
        made_at: None,
        may_be_changed: false,
        statuses: &[200],
    })
}

fn payment(view: &Value) -> Option<Vec<Claim>> {
    let payment_id = id(view, "id")?;
    let tenders: Vec<String> = view
        .get("tenders")?
        .as_array()?
        .iter()
        .map(|t| {
            let kind = text(t, "kind")?;
            Some(format!("{}:{kind}:{}", id(t, "id")?, number(t, "amount_minor")?))
        })
        .collect::<Option<_>>()?;
    let lines: Vec<String> = view
        .get("lines")?
        .as_array()?
        .iter()
        .map(line)
        .collect::<Option<_>>()?;
    let fact = format!(
        "reference={} currency={} owed={} amount={} connector={} origin={} capture={} sold_at={} created_at={} \
         tenders={} {}",
        text(view, "order_reference")?,
        text(view, "currency")?,
        number(view, "owed_minor")?,
        number(view, "amount_minor")?,
        text(view, "connector")?,
        text(view, "origin")?,
        text(view, "capture")?,
        micros(view, "sold_at")?,
        micros(view, "created_at")?,
        tenders.join(","),
        lines.join(" ")
    );
    let mut claims = vec![(payment_id, fact)];
    let status = text(view, "status")?;
    if matches!(status, "completed" | "failed" | "voided" | "canceled" | "expired") {
        claims.push((payment_id, format!("status={status}")));
    }
    Some(claims)
}

/// What never changes of a payment method. Whether it is the default may.
fn payment_method(view: &Value) -> Option<Vec<Claim>> {
    let fact = format!(
        "holder={} kind={} connector={} brand={} last_four={} expires_on={} created_at={}",
        text(view, "holder_reference")?,
        text(view, "kind")?,
        text(view, "connector")?,
        text(view, "brand").unwrap_or_default(),
        text(view, "last_four").unwrap_or_default(),
        text(view, "expires_on").unwrap_or_default(),
        micros(view, "created_at")?
    );
    Some(vec![(id(view, "id")?, fact)])
}

/// What was said against a dispute. Whether its connector has it may change.
fn evidence(view: &Value) -> Option<Vec<Claim>> {
    let files: Vec<String> = view
        .get("files")?
        .as_array()?
        .iter()
        .map(|file| {
            let (name, kind) = (text(file, "name")?, text(file, "content_type")?);
            Some(format!("{name}:{kind}:{}", text(file, "sha256")?))
        })
        .collect::<Option<_>>()?;
    let fact = format!(
        "dispute={} by={} at={} files={} text={}",
        id(view, "dispute_id")?,
        text(view, "submitted_by")?,
        micros(view, "submitted_at")?,
        files.join(","),
        text(view, "text")?
    );
    Some(vec![(id(view, "id")?, fact)])
}

fn line(view: &Value) -> Option<String> {
    let discounts: Vec<String> = view
        .get("discounts")?
        .as_array()?
        .iter()
        .map(|d| {
            Some(format!(
                "{}:{}",
                text(d, "funded_by")?,
                number(d, "amount_minor")?
            ))
        })
        .collect::<Option<_>>()?;
    Some(format!(
        "[line={} partner={} category={} price={} quantity={} shipping={} tax_free={} discounts={}]",
        number(view, "line_number")?,
        id(view, "partner_id")?,
        text(view, "category")?,
        number(view, "unit_price_minor")?,
        number(view, "quantity")?,
        number(view, "shipping_minor")?,
        number(view, "tax_free_minor")?,
        discounts.join(",")
    ))
}
