//! What a test process logs.

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// All that this process has logged since the first call of [`Logs::capture`], at every level.
#[derive(Debug, Default)]
pub struct Logs(Mutex<Vec<u8>>);

impl Logs {
    /// Begins to keep what is logged, by every test of the process. A second call finds the same logs.
    ///
    /// # Panics
    /// Where something else takes the process's logs already.
    pub fn capture() -> &'static Self {
        static LOGS: OnceLock<Logs> = OnceLock::new();
        static INSTALLED: OnceLock<()> = OnceLock::new();
        let logs: &'static Self = LOGS.get_or_init(Self::default);
        INSTALLED.get_or_init(|| {
            tracing_subscriber::fmt()
                .with_max_level(LevelFilter::TRACE)
                .with_ansi(false)
                .with_writer(logs)
                .init();
        });
        logs
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for &Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for &'static Logs {
    type Writer = &'static Logs;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}
