//! A cache in Redis, shared by all processes. Whatever happens to Redis, a call costs at most a few milliseconds.

mod entry;
mod link;
mod reach;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, cmd};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::measure::{self, Read};
use crate::{Address, Cache, CacheError};
use link::Link;

/// How long a call waits for Redis, whose answer takes a fraction of a millisecond. Below the 50 ms that a caller may
/// count on, since a busy machine wakes us late.
const DEADLINE: Duration = Duration::from_millis(40);

/// Keeps entries in a Redis, or in the master that sentinels name. Connecting happens in the background: a call never
/// waits for it, and while there is no connection it answers nothing, at once.
pub struct RedisCache {
    link: Arc<Link>,
    _connecting: AbortOnDropHandle<()>,
}

/// What was found when somebody looked whether the cache is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Host and port of the server that takes writes.
    pub server: String,
    /// How many replicas follow it, where sentinels watch over it.
    pub replicas: Option<usize>,
}

impl RedisCache {
    /// A cache at `address`, whether Redis is there or not. Call it inside a runtime: the connecting is a task of it.
    pub fn new(address: Address) -> Self {
        let link = Arc::<Link>::default();
        let task = tokio::spawn(Arc::clone(&link).keep_connected(address));
        Self {
            link,
            _connecting: AbortOnDropHandle::new(task),
        }
    }

    /// Looks whether a Redis answers at `address`, for whoever wants to know why not.
    ///
    /// # Errors
    /// [`CacheError`], which never shows the password.
    pub async fn look(address: &Address) -> Result<Found, CacheError> {
        let reached = reach::reach(address).await?;
        Ok(Found {
            server: reached.server.to_string(),
            replicas: reached.replicas,
        })
    }

    /// Whether there is a connection now. Without one every call answers nothing, at once.
    pub fn is_connected(&self) -> bool {
        self.link.current().is_some()
    }

    /// Sends a command; the number is the connection's that answered. None when there was no answer in time.
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<(T, u64)> {
        let (mut connection, number) = self.link.current()?;
        let Ok(answer) = timeout(DEADLINE, command.query_async(&mut connection)).await else {
            measure::failed("deadline");
            self.link.give_up(number, &"no answer in time");
            return None;
        };
        match answer {
            Ok(value) => Some((value, number)),
            Err(error) => {
                let verdict = Verdict::on(&error);
                measure::failed(verdict.as_str());
                if verdict == Verdict::Refused {
                    tracing::debug!(error = %error, "the cache refused a command");
                } else {
                    self.link.give_up(number, &error);
                }
                None
            }
        }
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Option<Bytes> {
        if !self.is_connected() {
            measure::read(Read::Skipped);
            return None;
        }
        let answer = self.ask::<Option<Bytes>>(cmd("GET").arg(key)).await;
        let found = answer.and_then(|(kept, number)| {
            let value = entry::opened(key, &kept?);
            if value.is_none() {
                // Either somebody else writes here, or answers no longer belong to questions: both end here.
                measure::failed("entry");
                self.link.give_up(number, &"an entry of another key");
            }
            value
        });
        measure::read(if found.is_some() { Read::Hit } else { Read::Miss });
        found
    }

    async fn put(&self, key: &str, value: Bytes, time_to_live: Duration) {
        let life_ms = u64::try_from(time_to_live.as_millis()).unwrap_or(u64::MAX);
        // Redis knows no entry that is over at once.
        if life_ms == 0 {
            return self.forget(key).await;
        }
        let Some(kept) = entry::sealed(key, &value) else {
            return;
        };
        let mut command = cmd("SET");
        command.arg(key).arg(&*kept).arg("PX").arg(life_ms);
        let _done = self.ask::<()>(&command).await;
    }

    async fn forget(&self, key: &str) {
        let _done = self.ask::<()>(cmd("DEL").arg(key)).await;
    }
}

/// What an error says about the connection that it came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The connection is broken.
    Connection,
    /// The server is not, or no longer, the one that takes writes. It would go on saying so: without leaving it, a
    /// client clings to the old master after a failover.
    Role,
    /// The server does not want this one command.
    Refused,
}

impl Verdict {
    fn on(error: &RedisError) -> Self {
        match error.code() {
            Some("NOREPLICAS" | "READONLY" | "MASTERDOWN" | "LOADING") => Self::Role,
            Some(_) => Self::Refused,
            None if error.kind() == ErrorKind::UnexpectedReturnType => Self::Refused,
            None => Self::Connection,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Role => "role",
            Self::Refused => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_takes_no_writes_is_left() {
        for (code, verdict) in [
            ("NOREPLICAS", Verdict::Role),
            ("READONLY", Verdict::Role),
            ("MASTERDOWN", Verdict::Role),
            ("LOADING", Verdict::Role),
            ("OOM", Verdict::Refused),
            ("WRONGTYPE", Verdict::Refused),
        ] {
            let answer = format!("-{code} because\r\n");
            let error = redis::parse_redis_value(answer.as_bytes())
                .and_then(redis::Value::extract_error)
                .unwrap_err();
            assert_eq!(Verdict::on(&error), verdict, "{code}: {error}");
        }
        let broken = RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        assert_eq!(Verdict::on(&broken), Verdict::Connection);
    }
}
