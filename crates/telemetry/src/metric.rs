//! The process's metrics, as Prometheus reads them.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Renders what was measured.
#[derive(Clone)]
pub struct MetricsHandle(PrometheusHandle);

static HANDLE: OnceLock<MetricsHandle> = OnceLock::new();

/// Buckets of request durations, in seconds: from half a millisecond to ten seconds.
const DURATION_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Installs the process's recorder once and returns its handle.
pub fn init_metrics() -> MetricsHandle {
    HANDLE
        .get_or_init(|| {
            let builder = PrometheusBuilder::new();
            let builder = builder
                .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".to_owned()), DURATION_BUCKETS)
                .unwrap_or_else(|_| PrometheusBuilder::new());
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            // Fails only where another recorder is installed, which this function alone does.
            let _ = metrics::set_global_recorder(recorder);
            MetricsHandle(handle)
        })
        .clone()
}

impl MetricsHandle {
    /// The text exposition format.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds histograms; to be called every few seconds so that memory stays flat.
    pub async fn upkeep(self) {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            self.0.run_upkeep();
        }
    }
}
