//! Kept answers: what was promised under an idempotency key is what stands there.

mod partners;
mod payments;

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
use partners::partners;
use payments::payments;

/// Checks the answers of all services that keep some.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let mut check = databases.check(
        "payment_answers",
        "what was answered of payments is what stands there",
    );
    let facts = [
        include_str!("sql/payment/answerable.sql"),
        include_str!("sql/payment/asked.sql"),
    ];
    compare(&databases.payment, &facts, &mut check, payments).await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "partner_answers",
        "what was answered of partners and contracts is what stands there",
    );
    let facts = [include_str!("sql/partner/answerable.sql")];
    compare(&databases.partner, &facts, &mut check, partners).await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "settlement_answers",
        "what was answered of requests to settle can be right",
    );
    compare(&databases.settlement, &[], &mut check, requests).await?;
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
    /// Of the request, where something may have been asked of what existed.
    fingerprint: Option<String>,
}

/// What an answer claims of one thing: its identifier, and what never changes of it.
type Claim = (Uuid, String);

/// An answer that was understood.
#[derive(Default)]
struct Promise {
    claims: Vec<Claim>,
    /// Where it tells of one thing: when that, or its last version, was made, in microseconds.
    made_at: Option<i64>,
    /// Whether it may answer what was asked of that thing later.
    may_be_changed: bool,
    /// The only statuses that it can have had.
    statuses: &'static [i16],
}

/// Facts in 24 bytes each: there are as many as payments.
struct Facts(Vec<(Uuid, u64)>);

impl Facts {
    async fn read(snapshot: &Snapshot, questions: &[&str]) -> Result<Self, VerifyError> {
        let mut facts = Vec::new();
        for sql in questions {
            let mut rows: Rows<(String, String, String)> = snapshot.stream("facts", sql).await?;
            while let Some((id, fact, status)) = rows.next().await? {
                let Some(id) = names::uuid_of(&id) else { continue };
                facts.push((id, hash(&fact)));
                if !status.is_empty() {
                    facts.push((id, hash(&format!("status={status}"))));
                }
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
    facts: &[&str],
    check: &mut Check,
    read: fn(&Value) -> Option<Promise>,
) -> Result<(), VerifyError> {
    let facts = Facts::read(snapshot, facts).await?;
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
        let (Some(made_at), Some(subject)) = (self.made_at, subject) else {
            return faults;
        };
        let claimed_at = kept.claimed_at.timestamp_micros();
        let is_changed = status == 200 || (status == 202 && made_at != claimed_at);
        if self.may_be_changed && is_changed {
            faults.extend(asked(kept, subject, facts, made).map(str::to_owned));
            return faults;
        }
        // Made under this key: once, and when the key was claimed.
        if made_at != claimed_at {
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

/// What is wrong with an answer to something that was asked of what existed: it was asked once, when the key was claimed,
/// by the request whose fingerprint the key has.
fn asked(kept: &Kept, subject: Uuid, facts: &Facts, made: &mut HashSet<(Uuid, u64)>) -> Option<&'static str> {
    let asked = format!("asked_at={}", kept.claimed_at.timestamp_micros());
    let is_so = |by: &str| facts.has(&(subject, format!("{asked} by={by}")));
    if !is_so("any") && !kept.fingerprint.as_deref().is_some_and(is_so) {
        return Some("was answered to another request than was carried out then");
    }
    (!made.insert((subject, hash(&asked)))).then_some("was asked under two keys")
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

/// The answer to a request to settle: how many windows.
fn requests(body: &Value) -> Option<Promise> {
    number(body, "requested")
        .filter(|count| *count >= 0)
        .map(|_| Promise {
            statuses: &[202],
            ..Promise::default()
        })
}
