//! How fast a consumer takes in a partition: by whole batches, and after a failure by smaller ones, ever later.

use std::time::Duration;

use tokio::time::Instant;

/// Records handed over in one transaction at most.
const BATCH: u16 = 1_000;
/// After a failure, the next batch is as many times smaller: what is too large for one transaction, or one answer,
/// goes through in parts.
const SHRINK: u16 = 4;
/// The longest pause after a failure.
const MAX_BACK_OFF: Duration = Duration::from_secs(5);

/// The pause after that many failures in a row.
pub(crate) fn back_off(failures: u32) -> Duration {
    Duration::from_millis(50 << failures.min(7)).min(MAX_BACK_OFF)
}

/// Of one partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    limit: u16,
    failures: u32,
    resumes_at: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            limit: BATCH,
            failures: 0,
            resumes_at: None,
        }
    }
}

impl Pace {
    /// How many records the next batch has at most.
    pub(crate) fn limit(&self) -> u16 {
        self.limit
    }

    /// Whether the pause after the last failure is over.
    pub(crate) fn is_due(&self) -> bool {
        self.resumes_at.is_none_or(|at| Instant::now() >= at)
    }

    /// Whether the last batch failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    pub(crate) fn succeeded(&mut self) {
        self.limit = self.limit.saturating_mul(2).min(BATCH);
        self.failures = 0;
        self.resumes_at = None;
    }

    pub(crate) fn failed(&mut self) {
        self.limit = (self.limit / SHRINK).max(1);
        self.failures = self.failures.saturating_add(1);
        self.resumes_at = Some(Instant::now() + back_off(self.failures));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failure_makes_batches_smaller_and_pauses_longer_until_one_succeeds() {
        let mut pace = Pace::default();
        let mut seen = Vec::new();
        for _ in 0..8 {
            pace.failed();
            assert!(!pace.is_due() && pace.is_failing());
            let begin = Instant::now();
            while !pace.is_due() {
                tokio::time::advance(Duration::from_millis(50)).await;
            }
            seen.push((pace.limit(), begin.elapsed().as_millis()));
        }
        assert_eq!(
            seen,
            [
                (250, 100),
                (62, 200),
                (15, 400),
                (3, 800),
                (1, 1600),
                (1, 3200),
                (1, 5000),
                (1, 5000)
            ]
        );
        pace.succeeded();
        assert!(pace.is_due() && !pace.is_failing());
        assert_eq!(pace.limit(), 2);
    }
}
