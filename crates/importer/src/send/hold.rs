//! A hold on settlement while orders of the past come in.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::client::{Client, encode};
use crate::ImportError;

const PATH: &str = "/v1/settlement-holds";

#[derive(Serialize)]
struct Request {
    reason: &'static str,
    lease_seconds: u64,
}

#[derive(Deserialize)]
struct Held {
    id: String,
}

/// Settlement waits while this lives. It is a lease: if we die, settlement goes on when the lease has run out.
pub(crate) struct Hold {
    end: CancellationToken,
    renewing: JoinHandle<()>,
}

impl Hold {
    /// Takes the hold, and keeps it until it is released or dropped.
    pub(crate) async fn take(client: Client) -> Result<Self, ImportError> {
        let held = ask(&client).await?;
        let end = CancellationToken::new();
        let renewing = tokio::spawn(keep(client, held, end.clone()));
        Ok(Self { end, renewing })
    }

    /// Lets settlement go on. If that cannot be said, the lease runs out by itself.
    pub(crate) async fn release(mut self) {
        self.end.cancel();
        // An error is a panic of the task; the lease ends it then.
        let _ = (&mut self.renewing).await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

/// Every hold is a new one: the key is fresh, and kept over the repeats of this one request.
async fn ask(client: &Client) -> Result<Held, ImportError> {
    let body = encode(&Request {
        reason: "an import of orders",
        lease_seconds: client.pace.lease.as_secs(),
    })?;
    let key = format!("hold-{}", Uuid::now_v7());
    client.send(Method::POST, PATH, Some(&key), body).await?.success()
}

async fn keep(client: Client, mut held: Held, end: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = end.cancelled() => break,
            () = tokio::time::sleep(client.pace.renew_every) => {}
        }
        let renewed = tokio::select! {
            biased;
            () = end.cancelled() => break,
            renewed = renew(&client, &held) => renewed,
        };
        match renewed {
            Ok(None) => {}
            Ok(Some(fresh)) => held = fresh,
            // Tried again at the next turn; the lease outlasts several of them.
            Err(error) => tracing::warn!(%error, "the hold on settlement could not be renewed"),
        }
    }
    let path = format!("{PATH}/{}", held.id);
    let released = tokio::time::timeout(
        client.pace.first_contact,
        client.send(Method::DELETE, &path, None, Bytes::new()),
    );
    match released.await {
        Ok(Ok(reply)) if reply.status.is_success() || reply.status == StatusCode::NOT_FOUND => {}
        _ => {
            tracing::warn!(
                "the hold on settlement could not be released; it ends by itself within its lease"
            );
        }
    }
}

/// Renews the hold. Where it has run out meanwhile, because this machine slept, a new one is the answer.
async fn renew(client: &Client, held: &Held) -> Result<Option<Held>, ImportError> {
    let path = format!("{PATH}/{}/renew", held.id);
    let key = format!("renew-{}", Uuid::now_v7());
    let body = Bytes::from_static(b"{}");
    let reply = client.send(Method::POST, &path, Some(&key), body).await?;
    match reply.status {
        status if status.is_success() => Ok(None),
        StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::GONE => ask(client).await.map(Some),
        _ => Err(reply.refusal()),
    }
}
