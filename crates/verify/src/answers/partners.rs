//! What answers of the partner service promise.

use serde_json::Value;

use super::{Claim, Promise, id, micros, number, text};

/// The answer to a partner, a contract, or a batch of both.
pub(super) fn partners(body: &Value) -> Option<Promise> {
    let Some(results) = body.get("results") else {
        let last = body
            .get("versions")
            .and_then(Value::as_array)
            .and_then(|all| all.last());
        return Some(Promise {
            claims: partner_or_contract(body)?,
            made_at: Some(micros(last.unwrap_or(body), "created_at")?),
            may_be_changed: false,
            statuses: &[201],
        });
    };
    let mut claims = Vec::new();
    for result in results.as_array()? {
        for view in [result.get("partner"), result.get("contract")]
            .into_iter()
            .flatten()
        {
            claims.extend(partner_or_contract(view)?);
        }
    }
    Some(Promise {
        claims,
        made_at: None,
        may_be_changed: false,
        statuses: &[200],
    })
}

fn partner_or_contract(view: &Value) -> Option<Vec<Claim>> {
    let own = id(view, "id")?;
    let Some(versions) = view.get("versions") else {
        let fact = format!(
            "reference={} kind={} created_at={}",
            text(view, "reference")?,
            text(view, "kind")?,
            micros(view, "created_at")?
        );
        return Some(vec![(own, fact)]);
    };
    let (partner, currency) = (id(view, "partner_id")?, text(view, "currency")?);
    versions
        .as_array()?
        .iter()
        .map(|version| {
            let fact = format!(
                "partner={partner} currency={currency} version={} valid_from={} created_at={} created_by={} reason={}",
                number(version, "version")?,
                text(version, "valid_from")?,
                micros(version, "created_at")?,
                text(version, "created_by")?,
                text(version, "reason").unwrap_or_default()
            );
            Some((own, fact))
        })
        .collect()
}
