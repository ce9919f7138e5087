//! The use cases on a real PostgreSQL.

mod first_start;
mod keys;
mod logging_in;
mod users;

use std::sync::Arc;

use cache::MemoryCache;
use chassis::ManualClock;
use chrono::{DateTime, TimeDelta, Utc};
use contracts::internal::Credential as Shown;
use contracts::{Caller, Role};
use telemetry::Secret;

use crate::Office;
use crate::hashing::Hasher;
use crate::hints::Hints;
use crate::ops::authenticate::authenticate;
use crate::ops::create_user::{NewUser, create_user};
use crate::store::users::User;

/// An office with a database and a clock of its own.
struct Desk {
    office: Office,
    clock: Arc<ManualClock>,
    database: testkit::Database,
}

impl Desk {
    async fn open() -> Self {
        let database = testkit::Database::for_service(&crate::service()).await;
        let clock = Arc::new(ManualClock::at("2026-11-22T00:00:00Z".parse().unwrap()));
        let office = Office {
            outbox: database.outbox(),
            clock: Arc::<ManualClock>::clone(&clock),
            hasher: Hasher::new().await.unwrap(),
            hints: Hints::new(Arc::new(MemoryCache::new(100))),
            secure_cookies: false,
        };
        Self {
            office,
            clock,
            database,
        }
    }

    async fn user(&self, login: &str, roles: &[Role]) -> User {
        let wanted = NewUser {
            login: login.into(),
            name: String::new(),
            password: secret(PASSWORD),
            roles: roles.to_vec(),
        };
        create_user(&self.office, wanted).await.unwrap()
    }

    fn now(&self) -> DateTime<Utc> {
        self.office.clock.now()
    }

    fn pass(&self, time: TimeDelta) {
        self.clock.set(self.now() + time);
    }

    /// Returns when that many statements wait for a lock.
    async fn until_waiting(&self, count: i64) {
        let db = self.database.db();
        loop {
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
            )
            .fetch_one(db.pool())
            .await
            .unwrap();
            if waiting >= count {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn who(&self, credential: &str) -> Option<Caller> {
        let shown = if credential.starts_with("sk_") {
            Shown::ApiKey {
                key: credential.into(),
            }
        } else {
            Shown::Session {
                token: credential.into(),
            }
        };
        authenticate(&self.office, &shown).await.unwrap()
    }
}

const PASSWORD: &str = "a password of a test";

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}
