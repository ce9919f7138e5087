//! How long a login is locked after attempts without success.

use chrono::TimeDelta;

/// Attempts that lock nothing.
pub(crate) const FREE_ATTEMPTS: i32 = 10;
/// The longest lock.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// After this long without an attempt the count starts afresh.
pub(crate) const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);

/// The lock after that many attempts in a row: none for the first ten, then 1 s, doubling up to 15 min. Whoever
/// guesses for a day gets about a hundred guesses more.
pub(crate) fn lock_after(attempts: i32) -> TimeDelta {
    let beyond = attempts.saturating_sub(FREE_ATTEMPTS);
    if beyond < 0 {
        return TimeDelta::zero();
    }
    let seconds = u32::try_from(beyond)
        .ok()
        .and_then(|doublings| 1_i64.checked_shl(doublings.min(32)))
        .unwrap_or(i64::MAX);
    TimeDelta::try_seconds(seconds).map_or(LONGEST, |lock| lock.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_are_free_and_then_the_lock_doubles_up_to_a_quarter_of_an_hour() {
        for (attempts, seconds) in [
            (1, 0),
            (9, 0),
            (10, 1),
            (11, 2),
            (12, 4),
            (19, 512),
            (20, 900),
            (21, 900),
            (100, 900),
            (i32::MAX, 900),
        ] {
            assert_eq!(lock_after(attempts).num_seconds(), seconds, "{attempts}");
        }
    }
}
