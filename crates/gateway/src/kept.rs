//! One value, kept for a while.

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

/// A value that is made anew when it is old.
pub(crate) struct Kept<T> {
    life: TimeDelta,
    value: Mutex<Option<(DateTime<Utc>, T)>>,
}

impl<T: Clone> Kept<T> {
    /// Nothing yet; what comes is kept for `life`.
    pub(crate) fn for_at_most(life: TimeDelta) -> Self {
        Self {
            life,
            value: Mutex::new(None),
        }
    }

    /// The value, if it is not too old at `now`. One from the future is: the clock was set back.
    pub(crate) fn get(&self, now: DateTime<Utc>) -> Option<T> {
        let value = self.value.lock().ok()?;
        value
            .as_ref()
            .filter(|(since, _)| is_fresh(*since, now, self.life))
            .map(|(_, value)| value.clone())
    }

    /// Keeps a value made at `now`.
    pub(crate) fn put(&self, now: DateTime<Utc>, value: T) {
        if let Ok(mut kept) = self.value.lock() {
            *kept = Some((now, value));
        }
    }
}

/// Whether what was made at `since` may be used at `now`.
pub(crate) fn is_fresh(since: DateTime<Utc>, now: DateTime<Utc>, life: TimeDelta) -> bool {
    let age = now.signed_duration_since(since);
    age >= TimeDelta::zero() && age < life
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_for_its_life_and_not_when_the_clock_was_set_back() {
        let start = DateTime::UNIX_EPOCH;
        let kept = Kept::for_at_most(TimeDelta::seconds(5));
        assert_eq!(kept.get(start), None);
        kept.put(start, 7);
        for (seconds, found) in [(0, Some(7)), (4, Some(7)), (5, None), (-1, None)] {
            assert_eq!(kept.get(start + TimeDelta::seconds(seconds)), found, "{seconds}");
        }
    }
}
