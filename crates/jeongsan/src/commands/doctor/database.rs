//! The database server: reachable, new enough, with the machine's time.

use std::error::Error;
use std::time::Duration;

use chassis::{Clock as _, Settings, SystemClock};
use chrono::{DateTime, Utc};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::Check;
use crate::access;

/// As old as the embedded server may be; nothing older is tested.
const OLDEST: i32 = 15;
/// More, and times in the database and in the services tell different stories.
const SKEW_S: i64 = 5;
const LIMIT: Duration = Duration::from_secs(5);
const NAME: &str = "database";

pub(super) async fn look(settings: &Settings) -> Vec<Check> {
    let Some(url) = access::admin_url(settings).await else {
        return vec![Check::fine(NAME, "the embedded server; `jeongsan up` starts it")];
    };
    match tokio::time::timeout(LIMIT, ask(&url)).await {
        Err(_) => vec![unreachable(&format!("no answer within {LIMIT:?}"))],
        Ok(Err(error)) => vec![unreachable(&error.to_string())],
        Ok(Ok((version, now))) => vec![new_enough(version), same_time(now)],
    }
}

/// The server's version, as 150014 for 15.14, and its time.
async fn ask(url: &str) -> Result<(i32, DateTime<Utc>), Box<dyn Error + Send + Sync>> {
    let mut connection = postgres::primary(url).await?.connect().await?;
    let row = sqlx::query("select current_setting('server_version_num')::int, clock_timestamp()")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

fn unreachable(reason: &str) -> Check {
    Check::wrong(
        NAME,
        format!("does not answer: {reason}"),
        "start the server, or correct postgres.url; without postgres.url an embedded server is used",
    )
}

fn new_enough(version: i32) -> Check {
    let (major, minor) = (version / 10_000, version % 10_000);
    let found = format!("PostgreSQL {major}.{minor}");
    if major < OLDEST {
        return Check::wrong(NAME, found, format!("use PostgreSQL {OLDEST} or newer"));
    }
    Check::fine(NAME, found)
}

fn same_time(now: DateTime<Utc>) -> Check {
    let skew = now.signed_duration_since(SystemClock.now()).num_seconds();
    if skew.abs() > SKEW_S {
        return Check::warning(
            "database's clock",
            format!("{skew} s from this machine's"),
            "let NTP set both clocks",
        );
    }
    Check::fine("database's clock", "as this machine's")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Verdict;

    #[test]
    fn a_version_is_new_enough_from_15_on() {
        for (version, verdict) in [
            (140_018, Verdict::Wrong),
            (150_000, Verdict::Fine),
            (180_004, Verdict::Fine),
        ] {
            assert_eq!(new_enough(version).verdict, verdict, "{version}");
        }
        assert_eq!(new_enough(150_014).found, "PostgreSQL 15.14");
    }
}
