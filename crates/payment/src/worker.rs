//! The loops of this service.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::ops::Payments;

/// How long the worker sleeps when nothing is due.
const IDLE: Duration = Duration::from_millis(100);
/// How long it sleeps after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How often is looked for authorizations that have run out.
const EXPIRY: Duration = Duration::from_secs(1);
/// How often is shown which connectors answer.
const MEASURE: Duration = Duration::from_secs(5);
/// How often old keys are forgotten.
const PURGE: Duration = Duration::from_mins(10);

/// Works on operations that are due, until `stop`; what is begun is finished.
pub(crate) async fn resolve(payments: Payments, stop: CancellationToken) {
    let failed = "open operations could not be looked at";
    rounds(&stop, (IDLE, Duration::ZERO), failed, || payments.work_off()).await;
}

/// Lets go of what is held for longer than its connector promised, until `stop`.
pub(crate) async fn expire(payments: Payments, stop: CancellationToken) {
    let failed = "what has run out could not be let go";
    rounds(&stop, (EXPIRY, IDLE), failed, || payments.expire()).await;
}

/// Works on what connectors told by themselves, until `stop`.
pub(crate) async fn follow(payments: Payments, stop: CancellationToken) {
    let failed = "webhooks could not be looked at";
    rounds(&stop, (IDLE, Duration::ZERO), failed, || {
        payments.work_off_webhooks()
    })
    .await;
}

/// Hands evidence over, until `stop`; what is begun is finished. No webhook waits for a connector that is slow to take it.
pub(crate) async fn hand_over(payments: Payments, stop: CancellationToken) {
    let failed = "evidence could not be looked at";
    rounds(&stop, (IDLE, Duration::ZERO), failed, || {
        payments.work_off_evidence()
    })
    .await;
}

/// Does one round after another until `stop`, with pauses: after one that found nothing to do, and after any other.
async fn rounds<F: Future<Output = Result<usize, Error>>>(
    stop: &CancellationToken,
    (idle, busy): (Duration, Duration),
    failed: &str,
    round: impl Fn() -> F,
) {
    while !stop.is_cancelled() {
        let pause = match round().await {
            Ok(0) => idle,
            Ok(_) => busy,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "{failed}");
                AFTER_FAILURE
            }
        };
        if !pause.is_zero() {
            sleep(pause, stop).await;
        }
    }
}

/// Shows which connectors answer, until `stop`: one recovers without anything being asked of it.
pub(crate) async fn measure(payments: Payments, stop: CancellationToken) {
    while !stop.is_cancelled() {
        payments.measure_connectors();
        sleep(MEASURE, &stop).await;
    }
}

/// Forgets old idempotency keys, until `stop`.
pub(crate) async fn purge(payments: Payments, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match payments.purge_keys().await {
            Ok(0) => {}
            Ok(keys) => tracing::info!(keys, "old idempotency keys were forgotten"),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "old idempotency keys could not be forgotten");
            }
        }
        sleep(PURGE, &stop).await;
    }
}

async fn sleep(pause: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(pause) => {}
    }
}
