//! The card network behind a gate: a test says which orders stop there, and where.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "each test file uses its part, and a test reports a fault by panicking"
)]

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use chassis::{Context, Parts, Service, StartError};
use serde_json::Value;
use testkit::Platform;
use tokio::sync::watch;

/// The gate of every platform of this process, by its simulator's port.
static GATES: LazyLock<Mutex<BTreeMap<u16, Arc<Gate>>>> = LazyLock::new(Mutex::default);

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It stops before the network has it, until the gate opens.
    Before,
    /// The network executes it, and its answer stops until the gate opens.
    After,
    /// The network does not get it, and until the gate opens tells nothing of its key.
    Lost,
    /// The network executes it, and until the gate opens tells nothing of its key.
    Untold,
}

struct Rule {
    operation: &'static str,
    amount_minor: Option<i64>,
    hold: Hold,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    /// Keys of which nothing is told.
    silent: HashSet<String>,
    reached: usize,
    opened: usize,
}

/// A gate; open until a test holds something.
pub struct Gate {
    state: Mutex<State>,
    changes: watch::Sender<()>,
}

/// The simulator with a gate before it.
pub fn network() -> Service {
    Service {
        start: |context| Box::pin(start(context)),
        ..simulator::service()
    }
}

async fn start(context: Context) -> Result<Parts, StartError> {
    let port = context.settings.number("ports.base") + 10;
    let gate = Arc::new(Gate {
        state: Mutex::default(),
        changes: watch::channel(()).0,
    });
    enter(u16::try_from(port).expect("a port"), &gate);
    let parts = (simulator::service().start)(context).await?;
    let guard = from_fn(move |request, next| Arc::clone(&gate).pass(request, next));
    Ok(Parts {
        routes: parts.routes.layer(guard),
    })
}

fn enter(port: u16, gate: &Arc<Gate>) {
    let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
    gates.insert(port, Arc::clone(gate));
}

impl Gate {
    /// The one of that platform.
    pub fn of(platform: &Platform) -> Arc<Self> {
        let gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.get(&platform.address("simulator").port());
        Arc::clone(gate.expect("a platform with a gate"))
    }

    /// Stops the next order of that kind (`evidence`: of a dispute) and, where it says one, that amount.
    pub fn hold(&self, operation: &'static str, amount_minor: Option<i64>, hold: Hold) {
        self.change(|state| {
            state.rules.push(Rule {
                operation,
                amount_minor,
                hold,
            });
        });
    }

    /// Lets everything through, what has stopped too.
    pub fn open(&self) {
        self.change(|state| {
            state.rules.clear();
            state.silent.clear();
            state.opened += 1;
        });
    }

    /// Waits until so many orders have stopped.
    pub async fn reached(&self, count: usize) {
        self.wait(|state| state.reached >= count)
            .await
            .unwrap_or_else(|_| unreachable!("{count} orders did not come in time"));
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_replace(());
        changed
    }

    async fn wait(&self, until: impl Fn(&State) -> bool) -> Result<(), tokio::time::error::Elapsed> {
        let mut changes = self.changes.subscribe();
        let waiting = async {
            while !self.look(&until) {
                changes.changed().await.expect("the gate is there");
            }
        };
        tokio::time::timeout(Duration::from_mins(1), waiting).await
    }

    fn look<T>(&self, look: impl Fn(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn pass(self: Arc<Self>, request: Request, next: Next) -> Response {
        let (head, body) = request.into_parts();
        let bytes = to_bytes(body, 64 * 1024).await.expect("a whole order");
        let mut order: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let path = head.uri.path().to_owned();
        if path.ends_with("/evidence") {
            order["operation"] = Value::from("evidence");
        }
        let key = match path.strip_prefix("/network/v1/charges/by-key/") {
            Some(key) => key.to_owned(),
            None => order["connector_key"].as_str().unwrap_or_default().to_owned(),
        };
        let request = Request::from_parts(head, Body::from(bytes));
        let silence = || StatusCode::SERVICE_UNAVAILABLE.into_response();
        if self.look(|state| state.silent.contains(&key)) {
            return silence();
        }
        let Some((hold, opened)) = self.stop(&order, &key) else {
            return next.run(request).await;
        };
        if hold == Hold::Before {
            let _goes_on_after_a_minute = self.wait(|state| state.opened > opened).await;
        }
        let answer = match hold {
            Hold::Lost => None,
            _ => Some(next.run(request).await),
        };
        if hold != Hold::Before {
            self.change(|state| state.reached += 1);
        }
        if hold == Hold::After {
            let _goes_on_after_a_minute = self.wait(|state| state.opened > opened).await;
        }
        match (hold, answer) {
            (Hold::Before | Hold::After, Some(answer)) => answer,
            _ => silence(),
        }
    }

    /// Whether the order stops, and how often the gate had been opened by then.
    fn stop(&self, order: &Value, key: &str) -> Option<(Hold, usize)> {
        self.change(|state| {
            let is_meant = |rule: &Rule| {
                order["operation"] == rule.operation
                    && rule
                        .amount_minor
                        .is_none_or(|minor| order["amount_minor"] == minor)
            };
            let place = state.rules.iter().position(is_meant)?;
            let hold = state.rules.remove(place).hold;
            match hold {
                Hold::Before => state.reached += 1,
                Hold::After => {}
                Hold::Lost | Hold::Untold => drop(state.silent.insert(key.to_owned())),
            }
            Some((hold, state.opened))
        })
    }
}
