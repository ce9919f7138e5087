//! Logs in ECS form, metrics, and the W3C trace context.

mod ecs;
mod logs;
mod metric;
mod secret;
mod trace;

pub use logs::{LogFormat, init_logs};
pub use metric::{MetricsHandle, init_metrics};
pub use secret::Secret;
pub use trace::{TraceContext, current_trace, with_trace};
