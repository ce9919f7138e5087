//! The table `once.keys`.
#![allow(
    clippy::as_conversions,
    reason = "how sqlx's macros are told the type of a parameter"
)]

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::KeyedRequest;

/// What may be done under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Go ahead: nobody did this before, or who began it is dead.
    Granted(Granted),
    /// It was done: answer this again.
    Answered(Answer),
    /// Someone is doing it now.
    Running,
    /// The key stands for another request.
    Reused,
}

/// A claim that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Whose key it is.
    pub scope: [u8; 32],
    /// The claim's number; an answer under an older one is refused.
    pub fence: i32,
    /// What an earlier, dead claim had made: recover that instead of making another.
    pub subject: Option<String>,
}

impl Granted {
    /// The claim of whoever inserted a key that nobody had used, in the statement that made its subject.
    pub fn first(request: &KeyedRequest) -> Self {
        Self {
            scope: request.scope,
            fence: 1,
            subject: None,
        }
    }
}

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// What the request made, for example a payment's id.
    pub subject: Option<String>,
}

/// Claims a key for `lease`. Copies that claim the same key at once wait for each other's transaction here.
///
/// `now` must come from one clock for all copies; the lease is meant for the span of an outside call.
pub async fn claim(
    conn: &mut PgConnection,
    request: &KeyedRequest,
    now: DateTime<Utc>,
    lease: Duration,
) -> Result<Claim, sqlx::Error> {
    let claims = claim_many(conn, std::slice::from_ref(request), now, lease).await?;
    claims.into_iter().next().ok_or(sqlx::Error::RowNotFound)
}

/// Claims many keys in two round trips; the claims stand in the order of the requests. Of two equal scopes in one
/// batch the first decides and the second is `Running` (or `Reused`, where its body differs).
pub async fn claim_many(
    conn: &mut PgConnection,
    requests: &[KeyedRequest],
    now: DateTime<Utc>,
    lease: Duration,
) -> Result<Vec<Claim>, sqlx::Error> {
    // One order for all, so that two batches with the same keys wait for each other and don't deadlock.
    let mut unique: Vec<&KeyedRequest> = requests.iter().collect();
    unique.sort_by_key(|r| r.scope);
    unique.dedup_by_key(|r| r.scope);
    let scopes: Vec<Vec<u8>> = unique.iter().map(|r| r.scope.to_vec()).collect();
    let prints: Vec<Vec<u8>> = unique.iter().map(|r| r.fingerprint.to_vec()).collect();
    let until = now + lease;
    // Takes a key that is new, or whose claim is dead and was for the same body.
    let taken = sqlx::query!(
        r#"insert into once.keys as k (scope, fingerprint, claimed_at, lease_until)
           select scope, fingerprint, $3, $4 from unnest($1::bytea[], $2::bytea[]) as fresh (scope, fingerprint)
           on conflict on constraint keys_pk do update
              set lease_until = excluded.lease_until, fence = k.fence + 1
            where k.status is null and k.lease_until < $3 and k.fingerprint = excluded.fingerprint
           returning scope, fence, subject"#,
        &scopes,
        &prints,
        now,
        until
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut granted: HashMap<Vec<u8>, (i32, Option<String>)> = taken
        .into_iter()
        .map(|row| (row.scope, (row.fence, row.subject)))
        .collect();
    let mut found = HashMap::new();
    if granted.len() < requests.len() {
        let rows = sqlx::query!(
            "select scope, fingerprint, status, answer, subject from once.keys where scope = any($1)",
            &scopes
        )
        .fetch_all(conn)
        .await?;
        for row in rows {
            found.insert(row.scope.clone(), row);
        }
    }
    let firsts: HashSet<&KeyedRequest> = unique.into_iter().collect();
    let claims = requests.iter().map(|request| {
        let scope = request.scope.to_vec();
        if firsts.contains(request)
            && let Some((fence, subject)) = granted.remove(&scope)
        {
            return Claim::Granted(Granted {
                scope: request.scope,
                fence,
                subject,
            });
        }
        let Some(row) = found.get(&scope) else {
            return Claim::Running;
        };
        if row.fingerprint != request.fingerprint {
            return Claim::Reused;
        }
        match (row.status, &row.answer) {
            (Some(status), Some(body)) => Claim::Answered(Answer {
                status: u16::try_from(status).unwrap_or(500),
                body: body.clone(),
                subject: row.subject.clone(),
            }),
            _ => Claim::Running,
        }
    });
    Ok(claims.collect())
}

/// Notes what the request makes, in the transaction that writes the intent, so that recovery finds it.
pub async fn subject(conn: &mut PgConnection, granted: &Granted, subject: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update once.keys set subject = $3 where scope = $1 and fence = $2 and status is null",
        granted.scope.as_slice(),
        granted.fence,
        subject
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the answer, in the transaction that writes the outcome. False: the claim was taken over meanwhile, and
/// this transaction must not commit.
pub async fn answer(
    conn: &mut PgConnection,
    granted: &Granted,
    answer: &Answer,
) -> Result<bool, sqlx::Error> {
    Ok(answer_many(conn, &[(granted, answer)]).await? == 1)
}

/// Keeps many answers in one round trip; returns how many claims still held.
pub async fn answer_many(
    conn: &mut PgConnection,
    answers: &[(&Granted, &Answer)],
) -> Result<u64, sqlx::Error> {
    let scopes: Vec<Vec<u8>> = answers.iter().map(|(g, _)| g.scope.to_vec()).collect();
    let fences: Vec<i32> = answers.iter().map(|(g, _)| g.fence).collect();
    let statuses: Vec<i16> = answers
        .iter()
        .map(|(_, a)| i16::try_from(a.status).unwrap_or(500))
        .collect();
    let bodies: Vec<Vec<u8>> = answers.iter().map(|(_, a)| a.body.clone()).collect();
    let subjects: Vec<Option<String>> = answers.iter().map(|(_, a)| a.subject.clone()).collect();
    let done = sqlx::query!(
        "update once.keys k
            set status = kept.status, answer = kept.answer, subject = coalesce(kept.subject, k.subject)
           from unnest($1::bytea[], $2::int[], $3::smallint[], $4::bytea[], $5::text[])
             as kept (scope, fence, status, answer, subject)
          where k.scope = kept.scope and k.fence = kept.fence and k.status is null",
        &scopes,
        &fences,
        &statuses,
        &bodies,
        &subjects as &[Option<String>]
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets a claim whose request was refused for bad input: the caller may send a mended one under the same key.
pub async fn release(conn: &mut PgConnection, granted: &Granted) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from once.keys where scope = $1 and fence = $2 and status is null",
        granted.scope.as_slice(),
        granted.fence
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives up a claim whose work is not all done and may go better when it is repeated: the next claim of the same
/// request is granted at once, with the subject of this one. What is refused for good is [`release`]d instead.
pub async fn give_up(conn: &mut PgConnection, granted: &Granted) -> Result<(), sqlx::Error> {
    // Ended before it began, so that the next claim is later whatever the clock says.
    sqlx::query!(
        "update once.keys set lease_until = claimed_at - interval '1 microsecond'
          where scope = $1 and fence = $2 and status is null",
        granted.scope.as_slice(),
        granted.fence
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets answered keys claimed before `before`, at most 10,000; returns how many.
pub async fn purge(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from once.keys where scope in
            (select scope from once.keys where claimed_at < $1 and status is not null
              order by claimed_at limit 10000)",
        before
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
