//! Password hashing: Argon2id, beside the threads that answer requests, and alike for logins that do not exist.

use std::sync::Arc;
use std::time::Duration;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use telemetry::Secret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a password waits for its turn; a core checks some 40 a second.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Hashing could not be done; it says nothing about the password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashingError {
    /// The hash was refused or can't be read.
    #[error("a password hash failed: {0}")]
    Argon2(#[from] argon2::password_hash::Error),
    /// The task ended early: the process stops.
    #[error("password hashing stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
    /// So many passwords are waiting to be checked that this one was not begun in time.
    #[error("too many passwords are being checked at once")]
    Busy,
    /// The permits are gone: the process stops.
    #[error("password hashing stopped: {0}")]
    Closed(#[from] tokio::sync::AcquireError),
}

/// Hashes and checks passwords with the crate's default cost (19 MiB, two passes: OWASP's first choice).
#[derive(Clone)]
pub(crate) struct Hasher {
    /// Each hash takes a core and 19 MiB; a flood of logins must not take them all.
    permits: Arc<Semaphore>,
    /// What the password of an unknown login is checked against, so that the answer takes as long.
    decoy: Arc<str>,
}

impl Hasher {
    /// A hasher with a decoy of its own.
    pub(crate) async fn new() -> Result<Self, HashingError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut hasher = Self {
            permits: Arc::new(Semaphore::new(cores)),
            decoy: Arc::from(""),
        };
        let nobody = Secret::new(hex::encode(rand::random::<[u8; 32]>()));
        hasher.decoy = Arc::from(hasher.hash(nobody).await?);
        Ok(hasher)
    }

    /// Whoever waits too long goes away, so that a flood makes no queue behind which everybody stands.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, HashingError> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        Ok(tokio::time::timeout(LONGEST_WAIT, permit)
            .await
            .map_err(|_| HashingError::Busy)??)
    }

    /// The hash of a password, in PHC form, with a salt of its own.
    pub(crate) async fn hash(&self, password: Secret<String>) -> Result<String, HashingError> {
        let permit = self.permit().await?;
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let hash = Argon2::default().hash_password(password.reveal().as_bytes())?;
            Ok(hash.to_string())
        })
        .await?
    }

    /// Whether it is the password of `hash`; of nobody's, where there is no hash.
    pub(crate) async fn is_password(
        &self,
        password: Secret<String>,
        hash: Option<String>,
    ) -> Result<bool, HashingError> {
        let permit = self.permit().await?;
        let decoy = Arc::clone(&self.decoy);
        let known = hash.is_some();
        let matches = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let hash = hash.as_deref().unwrap_or(&decoy);
            match Argon2::default().verify_password(password.reveal().as_bytes(), hash) {
                Ok(()) => Ok(true),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                Err(other) => Err(HashingError::from(other)),
            }
        })
        .await??;
        Ok(known && matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_password_itself_fits_its_hash() {
        let hasher = Hasher::new().await.unwrap();
        let hash = hasher.hash(secret("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert!(!hash.contains("horse"));
        assert_ne!(hash, hasher.hash(secret("correct horse")).await.unwrap());
        for (password, fits) in [("correct horse", true), ("Correct horse", false), ("", false)] {
            let answer = hasher
                .is_password(secret(password), Some(hash.clone()))
                .await
                .unwrap();
            assert_eq!(answer, fits, "{password}");
        }
    }

    #[tokio::test]
    async fn nobody_has_a_password_and_finding_out_costs_a_hash() {
        let hasher = Hasher::new().await.unwrap();
        assert!(!hasher.is_password(secret("x"), None).await.unwrap());
        // The decoy is a whole hash of the present cost, so checking against it is as much work.
        let own = hasher.hash(secret("x")).await.unwrap();
        let cost = |hash: &str| hash.split('$').nth(3).map(str::to_owned);
        assert_eq!(cost(&own), cost(&hasher.decoy));
    }
}
