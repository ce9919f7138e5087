//! How patiently the API is spoken to.

use std::time::Duration;

/// How patiently the API is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The wait before the first repeat; it doubles with every further one.
    pub first_wait: Duration,
    /// The longest wait between two attempts.
    pub longest_wait: Duration,
    /// How long a request is repeated in all.
    pub give_up_after: Duration,
    /// How long single things of a batch are repeated that another service may not have heard of yet.
    pub catch_up: Duration,
    /// As `give_up_after`, while nothing has answered yet: then the address is more likely wrong than the platform busy.
    pub first_contact: Duration,
    /// How long one attempt may take.
    pub attempt: Duration,
    /// How long settlement waits for us if we fall silent, in whole seconds.
    pub lease: Duration,
    /// How often we speak up.
    pub renew_every: Duration,
    /// Requests of orders under way at once.
    pub in_flight: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(5),
            give_up_after: Duration::from_mins(2),
            catch_up: Duration::from_secs(5),
            first_contact: Duration::from_secs(5),
            attempt: Duration::from_mins(1),
            lease: Duration::from_mins(1),
            renew_every: Duration::from_secs(15),
            in_flight: 3,
        }
    }
}

impl Pace {
    /// The wait before repeat number `repeat`, which counts from 0.
    pub(crate) fn wait(&self, repeat: u32) -> Duration {
        self.first_wait
            .saturating_mul(2_u32.saturating_pow(repeat))
            .min(self.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pace;

    #[test]
    fn waits_double_up_to_the_longest() {
        let pace = Pace::default();
        let waits: Vec<u128> = [0, 1, 2, 4, 5, 99]
            .map(|repeat| pace.wait(repeat).as_millis())
            .into();
        assert_eq!(waits, [200, 400, 800, 3_200, 5_000, 5_000]);
    }

    #[test]
    fn a_hold_is_renewed_well_before_it_ends() {
        let pace = Pace::default();
        assert!(pace.renew_every * 3 <= pace.lease);
        assert!(pace.lease <= Duration::from_mins(10));
    }
}
