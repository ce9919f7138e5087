//! The threads that serve requests.

use std::env::{self, VarError};
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
    let threads = match env::var(THREADS) {
        Ok(text) => text.parse().map_err(|_| refused(&text))?,
        Err(VarError::NotUnicode(text)) => return Err(refused(&text.to_string_lossy())),
        Err(VarError::NotPresent) => {
            let processors = thread::available_parallelism().map_or(1, NonZero::get);
            NonZero::new(processors.div_ceil(2)).unwrap_or(NonZero::<usize>::MIN)
        }
    };
    let mut builder = Builder::new_multi_thread();
    let built = builder.worker_threads(threads.get()).enable_all().build();
    built.map_err(|error| Fault::failed("cannot start", &error))
}

fn refused(text: &str) -> Fault {
    Fault::Settings(format!(
        "{THREADS} is {text:?}; give a whole number from 1, or leave it out"
    ))
}
