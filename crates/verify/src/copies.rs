//! Partners, contracts and users against what was told of them, and other services' copies of them.

use contracts::Event as _;
use contracts::Role;
use contracts::contract_terms::ContractTerms;
use contracts::events::{ContractChanged, PartnerChanged, PartnerKind, PartnerStatus, UserChanged};

use crate::VerifyError;
use crate::compare::{States, agree, difference, side_by_side};
use crate::databases::Databases;
use crate::names;
use crate::published::{Fate, Published, Reach, Stories, Story};
use crate::report::Check;
use crate::snapshot::Snapshot;

/// Checks them all.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let Databases {
        user,
        partner,
        payment,
        settlement,
        ..
    } = databases;

    let mut check = databases.check("users_told", "users are what was told of them");
    let states = States::of(user, "users", include_str!("sql/user/users.sql")).await?;
    let stories = Stories::of(user, UserChanged::TOPIC, Reach::own()).await?;
    agree(&mut check, "usr", stories, states, |events| {
        users(events).map(Some)
    })
    .await?;
    check.done(&mut checks);

    let mut check = databases.check("partners_told", "partners are what was told of them");
    let states = States::of(partner, "partners", include_str!("sql/partner/partners.sql")).await?;
    let stories = Stories::of(partner, PartnerChanged::TOPIC, Reach::own()).await?;
    agree(&mut check, "ptn", stories, states, |events| {
        partners(events).map(Some)
    })
    .await?;
    check.done(&mut checks);

    let mut check = databases.check(
        "contracts_told",
        "contracts say, version by version, what was told of them",
    );
    let states = States::of(partner, "contracts", include_str!("sql/partner/contracts.sql")).await?;
    let stories = Stories::of(partner, ContractChanged::TOPIC, Reach::own()).await?;
    agree(&mut check, "con", stories, states, |events| {
        contracts(events).map(Some)
    })
    .await?;
    check.done(&mut checks);

    for (consumer, sql, version) in [
        (
            payment,
            include_str!("sql/payment/known_partners.sql"),
            short_partner as fn(&PartnerChanged) -> String,
        ),
        (
            settlement,
            include_str!("sql/settlement/known_partners.sql"),
            whole_partner,
        ),
    ] {
        let mut check = known(databases, consumer, "partners");
        let (stories, states) = both::<PartnerChanged>(partner, consumer, sql).await?;
        side_by_side(&mut check, stories, states, |check, id, story, state| {
            let name = names::known(&format!("ptn:{id}"));
            let told = lines::<PartnerChanged>(story, version);
            check.found_all(&name, newest_is_known(&told, state));
            note(check, story);
        })
        .await?;
        check.done(&mut checks);
    }

    for (consumer, sql, version) in [
        (
            payment,
            include_str!("sql/payment/known_contracts.sql"),
            short_contract as fn(&ContractChanged) -> String,
        ),
        (
            settlement,
            include_str!("sql/settlement/known_contracts.sql"),
            whole_contract,
        ),
    ] {
        let mut check = known(databases, consumer, "contracts");
        let (stories, states) = both::<ContractChanged>(partner, consumer, sql).await?;
        side_by_side(&mut check, stories, states, |check, id, story, state| {
            let name = names::known(&format!("con:{id}"));
            let told = lines::<ContractChanged>(story, version);
            check.found_all(&name, all_are_known(&told, state));
            note(check, story);
        })
        .await?;
        check.done(&mut checks);
    }
    Ok(checks)
}

fn known(databases: &Databases, consumer: &Snapshot, what: &str) -> Check {
    databases.check(
        format!("{}_knows_{what}", consumer.service()),
        format!("what {} knows of {what} is what was told", consumer.service()),
    )
}

async fn both<E: contracts::Event>(
    producer: &Snapshot,
    consumer: &Snapshot,
    sql: &str,
) -> Result<(Stories, States), VerifyError> {
    let reach = Reach::of(consumer, E::TOPIC).await?;
    let stories = Stories::of(producer, E::TOPIC, reach).await?;
    Ok((stories, States::of(consumer, "copies", sql).await?))
}

fn note(check: &mut Check, story: Option<&Story>) {
    if let Some(story) = story {
        check.in_flight += story.count(Fate::InFlight);
        check.waiting += story.count(Fate::Waiting);
    }
}

/// A version as a consumer keeps it, and whether it handled the event that told it.
type Told = Vec<(Result<String, String>, bool)>;

fn lines<E: contracts::Event>(story: Option<&Story>, line: fn(&E) -> String) -> Told {
    let events = story.map_or(&[][..], |story| story.events.as_slice());
    events
        .iter()
        .map(|(event, fate)| (event.event::<E>().map(|e| line(&e)), *fate == Fate::Handled))
        .collect()
}

/// A copy that keeps the newest version only. It may be ahead of the events: a consumer in need asks.
fn newest_is_known(told: &Told, state: Option<&str>) -> Vec<String> {
    let last_handled = told.iter().rposition(|(_, handled)| *handled);
    let Some(state) = state else {
        return last_handled
            .map(|_| "is not known, though an event told of it".to_owned())
            .into_iter()
            .collect();
    };
    let place = told.iter().position(|(line, _)| line.as_deref() == Ok(state));
    match (place, last_handled) {
        (None, _) => vec![format!("is known as it never was: {state}")],
        (Some(place), Some(last)) if place < last => {
            let newest = told.get(last).map(|(line, _)| line.clone().unwrap_or_default());
            vec![difference(&newest.unwrap_or_default(), state)]
        }
        _ => vec![],
    }
}

/// A copy that keeps all versions.
fn all_are_known(told: &Told, state: Option<&str>) -> Vec<String> {
    let known: Vec<String> = state.map_or(vec![], |state| state.split('\n').map(reread).collect());
    let strange = known
        .iter()
        .filter(|line| !told.iter().any(|(told, _)| told.as_ref() == Ok(*line)))
        .map(|line| format!("is known as it was never told: {line}"));
    let missing = told
        .iter()
        .filter(|(_, handled)| *handled)
        .filter_map(|(line, _)| match line {
            Ok(line) if known.contains(line) => None,
            Ok(line) => Some(format!("is not known, though an event told of it: {line}")),
            Err(problem) => Some(problem.clone()),
        });
    strange.chain(missing).collect()
}

fn kind(kind: PartnerKind) -> &'static str {
    match kind {
        PartnerKind::Company => "company",
        PartnerKind::Individual => "individual",
    }
}

fn status(status: PartnerStatus) -> &'static str {
    match status {
        PartnerStatus::Active => "active",
        PartnerStatus::Closed => "closed",
    }
}

fn short_partner(told: &PartnerChanged) -> String {
    format!("version={} status={}", told.version, status(told.status))
}

fn whole_partner(told: &PartnerChanged) -> String {
    format!(
        "version={} reference={} name={} kind={} status={}",
        told.version,
        told.reference,
        told.name,
        kind(told.kind),
        status(told.status)
    )
}

fn short_contract(told: &ContractChanged) -> String {
    format!(
        "version={} partner={} currency={} valid_from={}",
        told.version,
        told.partner_id.as_uuid(),
        told.terms.currency,
        told.valid_from
    )
}

fn whole_contract(told: &ContractChanged) -> String {
    format!("{} terms={}", short_contract(told), written(&told.terms))
}

/// Terms in one notation, whatever the database made of them.
fn written(terms: &ContractTerms) -> String {
    serde_json::to_string(terms).unwrap_or_default()
}

/// The terms at the end of a line as the database holds it, in our notation.
fn reread(line: &str) -> String {
    let Some((head, terms)) = line.split_once(" terms=") else {
        return line.to_owned();
    };
    match serde_json::from_str::<ContractTerms>(terms) {
        Ok(terms) => format!("{head} terms={}", written(&terms)),
        Err(_) => line.to_owned(),
    }
}

/// What follows from all events of a user.
fn users(events: &[&Published]) -> Result<String, String> {
    let mut text = Err("nothing was told".to_owned());
    let mut made_at = None;
    for (event, number) in events.iter().zip(1_i32..) {
        let told: UserChanged = event.event()?;
        if told.version != number {
            return Err(format!("event {number} tells of version {}", told.version));
        }
        let mut roles: Vec<&str> = told.roles.iter().filter_map(|role| word(*role)).collect();
        roles.sort_unstable();
        let changed_at = event.occurred_at.timestamp_micros();
        text = Ok(format!(
            "login={} roles={} active={} version={} created_at={} updated_at={changed_at}",
            told.login,
            roles.join(","),
            if told.active { "t" } else { "f" },
            told.version,
            made_at.get_or_insert(changed_at),
        ));
    }
    text
}

fn word(role: Role) -> Option<&'static str> {
    match role {
        Role::Administrator => Some("administrator"),
        Role::Operator => Some("operator"),
        Role::Auditor => Some("auditor"),
        Role::Service => None,
    }
}

/// What follows from all events of a partner.
fn partners(events: &[&Published]) -> Result<String, String> {
    let mut text = Err("nothing was told".to_owned());
    let mut made_at = None;
    for (event, number) in events.iter().zip(1_i32..) {
        let told: PartnerChanged = event.event()?;
        if told.version != number {
            return Err(format!("event {number} tells of version {}", told.version));
        }
        let changed_at = event.occurred_at.timestamp_micros();
        text = Ok(format!(
            "reference={} name={} kind={} status={} version={} created_at={} updated_at={changed_at}",
            told.reference,
            told.name,
            kind(told.kind),
            status(told.status),
            told.version,
            made_at.get_or_insert(changed_at),
        ));
    }
    text
}

/// What follows from all events of a contract.
fn contracts(events: &[&Published]) -> Result<String, String> {
    let mut text = String::new();
    for (event, number) in events.iter().zip(1_i32..) {
        let told: ContractChanged = event.event()?;
        if told.version != number {
            return Err(format!("event {number} tells of version {}", told.version));
        }
        let made_at = event.occurred_at.timestamp_micros();
        if text.is_empty() {
            text = format!(
                "partner={} currency={} created_at={made_at}",
                told.partner_id.as_uuid(),
                told.terms.currency
            );
        }
        // As the database writes it: the event stands there in the same notation.
        let payload: serde_json::Value =
            serde_json::from_str(&event.payload).map_err(|error| error.to_string())?;
        let terms = payload.get("terms").map(spaced).unwrap_or_default();
        text = format!(
            "{text} version={number} valid_from={} made_at={made_at} terms={terms}",
            told.valid_from
        );
    }
    Ok(text)
}

/// JSON as the database writes it.
fn spaced(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let fields: Vec<String> = map
                .iter()
                .map(|(name, inner)| format!("{}: {}", Value::from(name.as_str()), spaced(inner)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[(&str, bool)]) -> Told {
        lines
            .iter()
            .map(|(line, handled)| (Ok((*line).to_owned()), *handled))
            .collect()
    }

    #[test]
    fn a_copy_of_the_newest_may_be_ahead_and_never_behind() {
        let story = [("v=1", true), ("v=2", true), ("v=3", false)];
        for (state, breaks) in [
            (Some("v=1"), 1),
            (Some("v=2"), 0),
            (Some("v=3"), 0),
            (Some("v=4"), 1),
            (None, 1),
        ] {
            assert_eq!(newest_is_known(&told(&story), state).len(), breaks, "{state:?}");
        }
        assert!(newest_is_known(&told(&[("v=1", false)]), None).is_empty());
    }

    #[test]
    fn a_copy_of_all_versions_holds_what_was_handled_and_nothing_strange() {
        let story = [("v=1", true), ("v=2", false)];
        for (state, breaks) in [
            (Some("v=1"), 0),
            (Some("v=1\nv=2"), 0),
            (Some("v=2"), 1),
            (Some("v=1\nv=3"), 1),
            (None, 1),
        ] {
            assert_eq!(all_are_known(&told(&story), state).len(), breaks, "{state:?}");
        }
    }

    #[test]
    fn json_is_written_as_the_database_writes_it() {
        let value = serde_json::json!({"a": [1, {"b": "x\"y"}], "c": null});
        assert_eq!(spaced(&value), r#"{"a": [1, {"b": "x\"y"}], "c": null}"#);
    }
}
