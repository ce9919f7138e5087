//! A month of the books, open or closed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Month;

/// Whether a month takes postings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PeriodState {
    /// Takes postings.
    Open,
    /// Takes none any more.
    Closed,
}

/// A month of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Period {
    /// Which one.
    pub(crate) month: Month,
    /// Open or closed.
    pub(crate) state: PeriodState,
    /// When it was closed.
    pub(crate) closed_at: Option<DateTime<Utc>>,
    /// Who closed it: a caller's id.
    pub(crate) closed_by: Option<String>,
}
