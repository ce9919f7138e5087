//! The cache: in memory, or a Redis that answers. The platform runs without it, only slower.

use cache::{CacheError, Found, RedisCache};
use chassis::Settings;

use super::Check;

const NAME: &str = "cache";
/// A master that fewer replicas follow has nobody to hand over to.
const ENOUGH_REPLICAS: usize = 1;

pub(super) async fn look(settings: &Settings) -> Check {
    match chassis::cache_address(settings) {
        Err(error) => Check::wrong(NAME, error.to_string(), "correct cache.url"),
        Ok(None) => Check::fine(NAME, "in memory, each process its own"),
        Ok(Some(address)) => verdict(RedisCache::look(&address).await),
    }
}

fn verdict(found: Result<Found, CacheError>) -> Check {
    match found {
        Err(error) => Check::warning(
            NAME,
            format!("{error}; the platform runs without it, only slower"),
            "start Redis, or correct cache.url; without cache.url the cache is in memory",
        ),
        Ok(Found {
            server,
            replicas: None,
        }) => Check::fine(NAME, format!("Redis at {server}")),
        Ok(Found {
            server,
            replicas: Some(replicas),
        }) => {
            let shown = format!("Redis at {server}, the sentinels' master, with replicas: {replicas}");
            if replicas < ENOUGH_REPLICAS {
                return Check::warning(NAME, shown, "start a replica: there is nobody to take over");
            }
            Check::fine(NAME, shown)
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::{BASE_KEYS, Sources};

    use super::*;
    use crate::commands::doctor::Verdict;

    #[tokio::test]
    async fn a_cache_that_is_away_is_a_warning_and_a_wrong_address_is_wrong() {
        for (url, verdict, says) in [
            ("", Verdict::Fine, "in memory"),
            // Nothing may listen on port 1.
            ("redis://:hidden@127.0.0.1:1", Verdict::Warning, "127.0.0.1:1"),
            (
                "redis+sentinel://:hidden@127.0.0.1:1/m",
                Verdict::Warning,
                "the master m",
            ),
            (
                "redis+sentinel://:hidden@127.0.0.1:1",
                Verdict::Wrong,
                "does not say",
            ),
        ] {
            let sources = Sources {
                flags: vec![("cache.url".into(), url.into())],
                ..Sources::default()
            };
            let settings = Settings::load(BASE_KEYS.iter().copied(), &sources).unwrap();
            let check = look(&settings).await;
            assert_eq!(check.verdict, verdict, "{url}: {}", check.found);
            assert!(check.found.contains(says), "{url}: {}", check.found);
            assert!(!check.found.contains("hidden"), "{url}: {}", check.found);
        }
    }

    #[test]
    fn a_master_without_replicas_is_a_warning() {
        for (replicas, expected) in [
            (None, Verdict::Fine),
            (Some(0), Verdict::Warning),
            (Some(2), Verdict::Fine),
        ] {
            let found = Found {
                server: "host:6379".into(),
                replicas,
            };
            assert_eq!(verdict(Ok(found)).verdict, expected, "{replicas:?}");
        }
    }
}
