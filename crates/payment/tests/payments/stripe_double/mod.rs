//! A double of Stripe: stateful, over real HTTP, and misbehaving on order.
//!
//! It keeps what Stripe's documents promise of idempotency keys, intents, refunds, disputes and webhooks, as far as the
//! connector uses it. How it misbehaves is decided by the payment method that a charge is made with, as at the
//! simulated network. Unlike Stripe it can be asked what it executed.
#![allow(
    dead_code,
    unused_imports,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "each test file uses its part, and a test reports a fault by panicking"
)]

mod account;
mod behaviour;
mod disputes;
mod events;
mod form;
mod intents;
mod keys;
mod refunds;
mod server;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use testkit::{Platform, PlatformBuilder};

use account::Account;
pub use account::Executed;
use events::Teller;
pub use events::signature;
use keys::Keys;

/// What requests have to show.
pub const SECRET_KEY: &str = "sk_test_of_the_double";
/// What webhooks are signed with.
pub const WEBHOOK_SECRET: &str = "whsec_of_the_double";

/// A running double.
#[derive(Clone)]
pub struct StripeDouble(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    account: Mutex<Account>,
    keys: Mutex<Keys>,
    teller: Teller,
    runtime: tokio::task::AbortHandle,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.runtime.abort();
    }
}

impl StripeDouble {
    /// Starts one on a free port of loopback.
    pub async fn start() -> Self {
        server::start().await
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// Sends webhooks there from now on.
    pub fn tell(&self, payment: SocketAddr) {
        self.0.teller.aim(payment);
    }

    /// What was executed, in its order.
    pub fn executed(&self) -> Vec<Executed> {
        self.account().executed.clone()
    }

    /// The names of the intents that were made.
    pub fn intents(&self) -> Vec<String> {
        self.account().intents.keys().cloned().collect()
    }

    /// Counts what is charged by that intent in another currency.
    pub fn count_in(&self, intent: &str, currency: &str) {
        let mut account = self.account();
        let intent = account.intents.get_mut(intent).expect("an intent");
        currency.clone_into(&mut intent.currency);
    }

    /// What the payment service answered to webhooks.
    pub fn deliveries(&self) -> Vec<u16> {
        self.0.teller.deliveries()
    }

    /// Forgets every idempotency key, as Stripe does after a day.
    pub fn forget_keys(&self) {
        *self.0.keys.lock().unwrap() = Keys::default();
    }

    /// Brings the search up to date. Until then it finds nothing.
    pub fn catch_up(&self) {
        self.account().is_searchable = true;
    }

    /// Takes that key from now on, and no other.
    pub fn exchange_key(&self, key: &str) {
        key.clone_into(&mut self.account().secret_key);
    }

    /// Tells of a charge as if it had been done, in the name of that operation.
    pub async fn tell_of(&self, transaction_id: &str, kind: &'static str, status: &str) {
        let object = serde_json::json!({
            "id": "pi_told", "status": status, "amount": 10_000, "created": 1, "amount_received": 10_000,
            "metadata": {"transaction_id": transaction_id},
            "last_payment_error": {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor"},
        });
        self.0
            .teller
            .tell(vec![events::Event::plain(kind, &object)])
            .await;
    }

    /// The buyer acts at the bank's page of that address.
    pub async fn decide(&self, page: &str, approves: bool) {
        let intent = page.rsplit('/').next().unwrap().to_owned();
        let event = self.account().decide(&intent, approves);
        self.0.teller.tell(vec![event]).await;
    }

    /// A refund of that intent that had succeeded fails.
    pub async fn fail_refund(&self, intent: &str) {
        let event = self.account().fail_refund(intent);
        self.0.teller.tell(vec![event]).await;
    }

    /// Banks take the refunds that waited for them. Nothing tells of it.
    pub fn settle_refunds(&self) {
        self.account().settle_refunds();
    }

    /// A buyer disputes; returns Stripe's name for it.
    pub async fn dispute(&self, intent: &str, amount: i64, status: &str) -> String {
        let (id, events) = self.account().dispute(intent, amount, status);
        self.0.teller.tell(events).await;
        id
    }

    /// The bank decides.
    pub async fn close_dispute(&self, dispute: &str, status: &str) {
        let events = self.account().close_dispute(dispute, status);
        self.0.teller.tell(events).await;
    }

    /// A dispute as it stands.
    pub fn read_dispute(&self, dispute: &str) -> Value {
        self.account().read_dispute(dispute)
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.0.account.lock().unwrap()
    }
}

/// A partner service and a payment service that charges through `double`, and does not wait for long.
pub fn platform(double: &StripeDouble) -> PlatformBuilder {
    let services = [crate::support::partner_service(), payment::service()];
    settings(Platform::of(&services), double)
}

/// Has a platform charge through `double`, and not wait for long.
pub fn settings(platform: PlatformBuilder, double: &StripeDouble) -> PlatformBuilder {
    platform
        .setting("payment.connector_timeout_ms", "1500")
        .setting("payment.stripe_secret_key", SECRET_KEY)
        .setting("payment.stripe_url", &double.url())
        .setting("payment.stripe_files_url", &double.url())
        .setting(
            "payment.stripe_webhook_secrets",
            &format!("whsec_of_before,{WEBHOOK_SECRET}"),
        )
}
