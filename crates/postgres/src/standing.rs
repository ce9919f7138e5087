//! What a server says of itself: primary or replica, of which timeline, and how far it has come.

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::time::timeout;

use crate::address::Host;

/// How long a server may take to say where it stands. One that is alive needs milliseconds.
pub(crate) const ANSWER: Duration = Duration::from_secs(2);

/// Ends a stray transaction, and asks, in one round trip. The timeline stands in the first eight digits of the name
/// of the log's file; the checkpoint's would be that of before a promotion for a while.
const QUESTION: &str = "begin; rollback; \
    select case when pg_is_in_recovery() then null \
                else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end, \
           (case when pg_is_in_recovery() then coalesce(pg_last_wal_replay_lsn(), '0/0') \
                 else pg_current_wal_lsn() end - '0/0')::text";

/// Where a server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The timeline that it writes, if it is a primary: every promotion begins a higher one.
    pub(crate) timeline: Option<u32>,
    /// How much log it has written, or replayed, in bytes.
    pub(crate) position: u64,
}

/// Asks the server at the other end of a connection, which has no transaction open afterwards.
pub(crate) async fn ask(conn: &mut PgConnection) -> Result<Standing, sqlx::Error> {
    let asked = timeout(ANSWER, sqlx::raw_sql(QUESTION).fetch_one(conn));
    let row = asked.await.map_err(|_| no_answer())??;
    let timeline: Option<String> = row.try_get(0)?;
    let position: String = row.try_get(1)?;
    let unreadable = |text: &str| sqlx::Error::Decode(format!("{text:?} is no place in the log").into());
    let timeline = timeline.map(|hex| u32::from_str_radix(&hex, 16).map_err(|_| unreadable(&hex)));
    Ok(Standing {
        timeline: timeline.transpose()?,
        position: position.parse().map_err(|_| unreadable(&position))?,
    })
}

/// Connects to a server, asks, and leaves.
pub(crate) async fn visit(host: &Host) -> Result<Standing, sqlx::Error> {
    let visit = async {
        let mut conn = host.options.connect().await?;
        let standing = ask(&mut conn).await;
        let _ = conn.close().await;
        standing
    };
    timeout(ANSWER, visit).await.map_err(|_| no_answer())?
}

fn no_answer() -> sqlx::Error {
    let text = format!("no answer within {ANSWER:?}");
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, text))
}
