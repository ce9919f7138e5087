//! Faults of PostgreSQL, the one server that nothing works without.

use crate::deed::Deed;
use crate::fault::{Clients, Fault, NOTHING, Plan, Promise, USUAL};
use crate::shape::{SMALL, Shape};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "postgres/primary-killed",
        sentence: "The primary is killed: writes go on by themselves within 30 s, on a server that has all of them.",
        shape: Shape {
            kafka: None,
            patroni: true,
            ..SMALL
        },
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::KillPrimary), (40, Deed::RestartPostgres)]),
        promise: Promise {
            pause: Some(30),
            ..NOTHING
        },
        bites: &["primary changes"],
    },
    Fault {
        name: "postgres/busy-pool",
        sentence: "Four times as many clients as the payment service has connections, each as fast as it can.",
        shape: Shape {
            settings: &[("payment.max_connections", "8")],
            ..SMALL
        },
        clients: Clients {
            count: 32,
            is_paced: false,
        },
        plan: Plan::Steps(&[]),
        promise: Promise {
            no_errors: true,
            pause: Some(5),
            ..NOTHING
        },
        bites: &[],
    },
];
