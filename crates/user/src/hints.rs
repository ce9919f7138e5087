//! What the cache may tell: the roles of a user, as of a version that PostgreSQL has to confirm.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cache::Cache;
use contracts::Role;
use ids::UserId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::store::users::User;

/// `session:{user_id}`.
const SESSION_LIFE: Duration = Duration::from_mins(30);
/// `user:{user_id}`.
const USER_LIFE: Duration = Duration::from_mins(5);

/// What a session's user may do, as of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionHint {
    /// The user's version.
    pub(crate) version: i32,
    /// The roles of that version.
    pub(crate) roles: Vec<Role>,
}

/// Reads and writes hints. An entry saves a query and decides nothing: whether a session holds, and which version its
/// user has, PostgreSQL says each time, and a hint of another version is not used.
#[derive(Clone)]
pub(crate) struct Hints(Arc<dyn Cache>);

impl Hints {
    /// Hints in that cache.
    pub(crate) fn new(cache: Arc<dyn Cache>) -> Self {
        Self(cache)
    }

    /// The session hint of a user, if it is of `version`.
    pub(crate) async fn session(&self, user: UserId, version: i32) -> Option<SessionHint> {
        self.get(&session_key(user))
            .await
            .filter(|hint: &SessionHint| hint.version == version)
    }

    /// Keeps a session hint.
    pub(crate) async fn put_session(&self, user: UserId, hint: &SessionHint) {
        self.put(&session_key(user), hint, SESSION_LIFE).await;
    }

    /// The user, if it is of `version`.
    pub(crate) async fn user(&self, user: UserId, version: i32) -> Option<User> {
        self.get(&user_key(user))
            .await
            .filter(|kept: &User| kept.version == version)
    }

    /// Keeps a user.
    pub(crate) async fn put_user(&self, user: &User) {
        self.put(&user_key(user.id), user, USER_LIFE).await;
    }

    /// Forgets a user's session, or all that is known of the user.
    pub(crate) async fn forget(&self, user: UserId) {
        self.0.forget(&session_key(user)).await;
        self.0.forget(&user_key(user)).await;
    }

    async fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_slice(&self.0.get(key).await?).ok()
    }

    async fn put<T: Serialize + Sync>(&self, key: &str, value: &T, life: Duration) {
        if let Ok(bytes) = serde_json::to_vec(value) {
            self.0.put(key, Bytes::from(bytes), life).await;
        }
    }
}

fn session_key(user: UserId) -> String {
    format!("session:{user}")
}

fn user_key(user: UserId) -> String {
    format!("user:{user}")
}
