//! Faults of the platform's own processes.

use crate::deed::Deed;
use crate::fault::{Fault, NOTHING, Plan, Promise, USUAL};
use crate::shape::{SMALL, Shape};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "consumers/churn",
        sentence: "Every 2 s a copy of settlement and one of accounting are killed and replaced: events go on.",
        shape: Shape {
            doubled: &["settlement", "accounting"],
            ..SMALL
        },
        clients: USUAL,
        plan: Plan::Every(2, Deed::Churn),
        promise: Promise {
            no_errors: true,
            caught_up: Some(60),
            ..NOTHING
        },
        bites: &["new leaders"],
    },
    Fault {
        name: "leader/paused",
        sentence: "The payment service whose relay leads is paused for 30 s: the other leads, and it gives its lead up.",
        shape: Shape {
            doubled: &["payment"],
            ..SMALL
        },
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::PauseLeader("payment")), (30, Deed::ResumeLeader)]),
        promise: NOTHING,
        bites: &["new leaders", "leads given up"],
    },
];
