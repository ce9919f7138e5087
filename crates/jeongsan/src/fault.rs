//! Why a command ended without success, and the exit code that says so.

use std::fmt::Display;
use std::process::ExitCode;

use chassis::{HostError, SettingsError};
use embedded::EmbeddedError;
use postgres::PostgresError;

/// Exit codes are promises to scripts: 0 done, 1 failed, 2 a wrong command line (clap's own), 3 to 6 as below.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Something failed that no other code names: 1.
    #[error("{0}")]
    Failed(String),
    /// The command line asks for something that does not exist: 2.
    #[error("{0}")]
    Usage(String),
    /// A setting is missing or not allowed: 3.
    #[error("{0}")]
    Settings(String),
    /// The platform or its database does not answer: 4.
    #[error("{0}")]
    Unreachable(String),
    /// The platform answered, and refused: 5.
    #[error("{0}")]
    Refused(String),
    /// The books, statements and payments do not agree: 6.
    #[error("{0}")]
    Break(String),
}

impl Fault {
    /// A failure, with the chain of its causes.
    pub(crate) fn failed(what: impl Display, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Failed(format!("{what}: {}", chain(error)))
    }

    /// What the process ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Settings(_) => 3,
            Self::Unreachable(_) => 4,
            Self::Refused(_) => 5,
            Self::Break(_) => 6,
        })
    }
}

impl From<SettingsError> for Fault {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error.to_string())
    }
}

impl From<PostgresError> for Fault {
    fn from(error: PostgresError) -> Self {
        match error {
            PostgresError::Unreachable { .. } | PostgresError::NoPrimary { .. } => {
                Self::Unreachable(format!(
                    "{}; check that the server runs and that postgres.url is right",
                    chain(&error)
                ))
            }
            PostgresError::Address { .. } => Self::Settings(chain(&error)),
            _ => Self::Failed(chain(&error)),
        }
    }
}

impl From<EmbeddedError> for Fault {
    fn from(error: EmbeddedError) -> Self {
        Self::Failed(chain(&error))
    }
}

impl From<HostError> for Fault {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Database(error) => error.into(),
            HostError::NoDatabase(_) | HostError::Cache(_) => Self::Settings(error.to_string()),
            _ => Self::Failed(chain(&error)),
        }
    }
}

/// An error and its causes, each said once.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(error.source(), |e| e.source()).fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) {
            text
        } else {
            format!("{text}: {cause}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let inner = std::io::Error::other("no room");
        let outer = EmbeddedError::File {
            what: "write",
            path: "x".into(),
            source: inner,
        };
        assert_eq!(chain(&outer), "cannot write x: no room");
        let told = std::io::Error::other(std::io::Error::other("no room"));
        assert_eq!(chain(&told), "no room");
    }
}
