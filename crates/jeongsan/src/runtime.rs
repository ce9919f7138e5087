//! The threads that serve requests.

use std::env;
use std::ffi::OsStr;
use std::num::NonZero;
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::fault::Fault;

/// How many threads; named as for everything that runs on this runtime.
const THREADS: &str = "TOKIO_WORKER_THREADS";

/// One thread for every two processors, rounded up, or as many as the environment says.
///
/// A request waits for the database for most of its time, whose server works meanwhile; the fewer threads, the less often
/// a request is handed from one to another. On two processors, with the database on the same, about a tenth more payments
/// are accepted so. What takes long by itself, hashing a password for example, has threads of its own.
pub(crate) fn build() -> Result<Runtime, Fault> {
    let named = env::var_os(THREADS);
    let processors = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let threads = threads(named.as_deref(), processors)?;
    let mut builder = Builder::new_multi_thread();
    let built = builder.worker_threads(threads.get()).enable_all().build();
    built.map_err(|error| Fault::failed("cannot start", &error))
}

fn threads(named: Option<&OsStr>, processors: NonZero<usize>) -> Result<NonZero<usize>, Fault> {
    let Some(named) = named else {
        return Ok(NonZero::new(processors.get().div_ceil(2)).unwrap_or(processors));
    };
    let number = named.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| {
        Fault::Settings(format!(
            "{THREADS} is {:?}; give a whole number from 1, or leave it out",
            named.to_string_lossy()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(named: Option<&str>, processors: usize) -> Option<usize> {
        let processors = NonZero::new(processors).unwrap();
        threads(named.map(OsStr::new), processors).ok().map(NonZero::get)
    }

    #[test]
    fn two_processors_share_a_thread_unless_a_number_is_given() {
        for (processors, expected) in [(1, 1), (2, 1), (3, 2), (8, 4)] {
            assert_eq!(number(None, processors), Some(expected), "{processors}");
        }
        assert_eq!(number(Some("3"), 2), Some(3));
        for wrong in ["0", "two", "", "-1"] {
            assert_eq!(number(Some(wrong), 2), None, "{wrong:?}");
        }
    }
}
