//! What the cache tells of itself.

/// How a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// Something was found.
    Hit,
    /// Nothing was found.
    Miss,
    /// Nobody was asked, since there is no connection.
    Skipped,
}

pub(crate) fn read(read: Read) {
    let result = match read {
        Read::Hit => "hit",
        Read::Miss => "miss",
        Read::Skipped => "skipped",
    };
    metrics::counter!("jeongsan_cache_reads_total", "result" => result).increment(1);
}

/// Something did not work; `reason` is one of a few words.
pub(crate) fn failed(reason: &'static str) {
    metrics::counter!("jeongsan_cache_failures_total", "reason" => reason).increment(1);
}

/// 1 while no connection is to be had, so that nothing is read or kept.
pub(crate) fn breaker(is_open: bool) {
    metrics::gauge!("jeongsan_cache_breaker_open").set(f64::from(u8::from(is_open)));
}
