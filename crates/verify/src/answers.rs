//! Kept answers: what was promised under an idempotency key is what stands there.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::VerifyError;
use crate::databases::Databases;
use crate::names;
use crate::report::Check;
use crate::snapshot::{Rows, Snapshot};

/// Checks the answers of all services that keep some.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let mut check = databases.check(
        "payment_answers",
        "what was answered of payments is what stands there",
    );
    let sql = include_str!("sql/payment/answerable.sql");
    compare(&databases.payment, sql, &mut check, payments).await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "partner_answers",
        "what was answered of partners and contracts is what stands there",
    );
    let sql = include_str!("sql/partner/answerable.sql");
    compare(&databases.partner, sql, &mut check, partners).await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "settlement_answers",
        "what was answered of requests to settle can be right",
    );
    let nothing = "select ''::text, ''::text, ''::text where false";
    compare(&databases.settlement, nothing, &mut check, requests).await?;
    check.done(&mut checks);
    Ok(checks)
}

#[derive(Debug, FromRow)]
struct Kept {
    scope: String,
    subject: Option<String>,
    status: Option<i16>,
    answer: Option<Vec<u8>>,
    claimed_at: DateTime<Utc>,
}

/// What an answer claims of one thing: its identifier, and what never changes of it.
type Claim = (Uuid, String);

/// An answer that was understood.
#[derive(Default)]
struct Promise {
    claims: Vec<Claim>,
    /// Where it tells of one thing: when that, or its last version, was made, in microseconds.
    made_at: Option<i64>,
    /// The only statuses that it can have had.
    statuses: &'static [i16],
}

/// Facts in 24 bytes each: there are as many as payments.
struct Facts(Vec<(Uuid, u64)>);

impl Facts {
    async fn read(snapshot: &Snapshot, sql: &str) -> Result<Self, VerifyError> {
        let mut rows: Rows<(String, String, String)> = snapshot.stream("facts", sql).await?;
        let mut facts = Vec::new();
        while let Some((id, fact, status)) = rows.next().await? {
            let Some(id) = names::uuid_of(&id) else { continue };
            facts.push((id, hash(&fact)));
            if !status.is_empty() {
                facts.push((id, hash(&format!("status={status}"))));
            }
        }
        facts.sort_unstable();
        Ok(Self(facts))
    }

    fn has(&self, (id, fact): &Claim) -> bool {
        self.0.binary_search(&(*id, hash(fact))).is_ok()
    }

    fn knows(&self, id: Uuid) -> bool {
        let from = self.0.partition_point(|(known, _)| *known < id);
        self.0.get(from).is_some_and(|(known, _)| *known == id)
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

async fn compare(
    snapshot: &Snapshot,
    sql: &str,
    check: &mut Check,
    read: fn(&Value) -> Option<Promise>,
) -> Result<(), VerifyError> {
    let facts = Facts::read(snapshot, sql).await?;
    let mut made: HashSet<(Uuid, u64)> = HashSet::new();
    let mut rows: Rows<Kept> = snapshot
        .stream("answers", include_str!("sql/once/answers.sql"))
        .await?;
    while let Some(kept) = rows.next().await? {
        check.examined += 1;
        let id = kept.subject.clone().unwrap_or_else(|| kept.scope.clone());
        if let Some(subject) = kept.subject.as_deref().filter(|text| *text != "batch")
            && !names::uuid_of(subject).is_some_and(|id| facts.knows(id))
        {
            check.found(vec![id.clone()], "was answered, and does not exist");
        }
        let (Some(status), Some(answer)) = (kept.status, &kept.answer) else {
            check.in_flight += 1;
            continue;
        };
        if !(200..300).contains(&status) {
            continue;
        }
        let body: Option<Value> = serde_json::from_slice(answer).ok();
        match body.as_ref().and_then(read) {
            Some(promise) => check.found_all(&id, promise.faults(&kept, status, &facts, &mut made)),
            None => check.found(vec![id], "the kept answer can't be read"),
        }
    }
    Ok(())
}

impl Promise {
    fn faults(
        &self,
        kept: &Kept,
        status: i16,
        facts: &Facts,
        made: &mut HashSet<(Uuid, u64)>,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        let subject = kept.subject.as_deref().and_then(names::uuid_of);
        let is_of_one = self.made_at.is_some();
        if !self.statuses.contains(&status) {
            faults.push(format!(
                "was answered with {status}, one of {:?} was right",
                self.statuses
            ));
        }
        if is_of_one && subject.is_none() {
            faults.push("the answer tells of one thing, and the key does not".to_owned());
        }
        for claim in &self.claims {
            if subject.is_some_and(|subject| subject != claim.0) {
                faults.push(format!("the kept answer tells of {}", claim.0));
            } else if !facts.has(claim) {
                faults.push(format!("was answered as it is not: {}", claim.1));
            }
        }
        if status != 201 || !is_of_one {
            return faults;
        }
        // Made under this key: once, and when the key was claimed.
        if self.made_at != Some(kept.claimed_at.timestamp_micros()) {
            faults.push(format!(
                "was made at another time than its key was claimed, {}",
                kept.claimed_at
            ));
        }
        if let Some((id, fact)) = self.claims.iter().rfind(|(_, fact)| !fact.starts_with("status="))
            && !made.insert((*id, hash(fact)))
        {
            faults.push("was made under two keys".to_owned());
        }
        faults
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

fn number(value: &Value, name: &str) -> Option<i64> {
    value.get(name)?.as_i64()
}

fn micros(value: &Value, name: &str) -> Option<i64> {
    let at = DateTime::parse_from_rfc3339(text(value, name)?).ok()?;
    Some(at.timestamp_micros())
}

fn id(value: &Value, name: &str) -> Option<Uuid> {
    names::uuid_of(text(value, name)?)
}

/// The answer to one payment, to a batch of them, to a payment method, or to evidence.
fn payments(body: &Value) -> Option<Promise> {
    if body.get("dispute_id").is_some() {
        return Some(Promise {
            claims: evidence(body)?,
            made_at: Some(micros(body, "submitted_at")?),
            statuses: &[202],
        });
    }
    if body.get("holder_reference").is_some() {
        return Some(Promise {
            claims: payment_method(body)?,
            // It may have been seen in a payment before it was added, and may be added again as it is.
            made_at: None,
            statuses: &[200, 201],
        });
    }
    let Some(results) = body.get("results") else {
        let is_open = matches!(text(body, "status")?, "requested" | "processing");
        return Some(Promise {
            claims: payment(body)?,
            made_at: Some(micros(body, "created_at")?),
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

/// The answer to a partner, a contract, or a batch of both.
fn partners(body: &Value) -> Option<Promise> {
    let Some(results) = body.get("results") else {
        let last = body
            .get("versions")
            .and_then(Value::as_array)
            .and_then(|all| all.last());
        return Some(Promise {
            claims: partner_or_contract(body)?,
            made_at: Some(micros(last.unwrap_or(body), "created_at")?),
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

/// The answer to a request to settle: how many windows.
fn requests(body: &Value) -> Option<Promise> {
    number(body, "requested")
        .filter(|count| *count >= 0)
        .map(|_| Promise {
            statuses: &[202],
            ..Promise::default()
        })
}
