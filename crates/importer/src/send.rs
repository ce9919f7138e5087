//! Into the public API: partners first, then their orders, while settlement waits.

mod answer;
mod client;
mod hold;
mod orders;
mod pace;
mod partners;
mod progress;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use contracts::contract_terms::ContractTerms;
use money::Currency;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{Checked, ImportError, Summary, Target};
use client::Client;
use hold::Hold;
pub use pace::Pace;
use progress::Progress;

/// What is to be sent.
pub(crate) struct Cargo<'a> {
    pub(crate) checked: &'a Checked,
    pub(crate) currency: Currency,
    pub(crate) contract: Option<Contract<'a>>,
    pub(crate) batch_size: usize,
    pub(crate) progress: bool,
}

/// The contract of every partner.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Contract<'a> {
    pub(crate) valid_from: NaiveDate,
    pub(crate) terms: &'a ContractTerms,
}

/// The partners' ids as the platform gave them, by reference.
type PartnerIds = HashMap<Arc<str>, String>;

/// Sends everything; what became of it goes to `summary` as the answers come in, so that it is right whenever this
/// ends. Settlement is held while it lasts: a window that closed in the middle would settle half of its orders.
pub(crate) async fn everything(
    cargo: &Cargo<'_>,
    target: &Target,
    stop: &CancellationToken,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    let client = Client::new(target)?;
    let progress = Progress::new(cargo);
    let hold = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(ImportError::Stopped),
        hold = Hold::take(client.clone()) => hold?,
    };
    let sent = tokio::select! {
        biased;
        () = stop.cancelled() => Err(ImportError::Stopped),
        sent = partners_then_orders(cargo, &client, &progress, summary) => sent,
    };
    progress.finish();
    hold.release().await;
    sent
}

async fn partners_then_orders(
    cargo: &Cargo<'_>,
    client: &Client,
    progress: &Progress,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    let ids = partners::send(cargo, client, progress, summary).await?;
    orders::send(cargo, client, &ids, progress, summary).await
}
