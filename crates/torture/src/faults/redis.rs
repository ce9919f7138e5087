//! Faults of Redis. It holds hints only: what it forgets costs time and never a second payment.

use crate::deed::Deed;
use crate::fault::{Fault, NOTHING, Plan, Promise, USUAL};
use crate::shape::{SMALL, Shape};

const WITH_SENTINELS: Shape = Shape { redis: true, ..SMALL };

/// Payments do not notice that the cache is in trouble.
const UNNOTICED: Promise = Promise {
    no_errors: true,
    pause: Some(5),
    ..NOTHING
};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "redis/master-killed",
        sentence: "The master is killed and comes back after 15 s as a replica of the one that follows it.",
        shape: WITH_SENTINELS,
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::KillMaster), (15, Deed::RestartRedis)]),
        promise: UNNOTICED,
        bites: &["cache lost"],
    },
    Fault {
        name: "redis/failover",
        sentence: "The sentinels make another server the master, in order.",
        shape: WITH_SENTINELS,
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::FailOver)]),
        promise: UNNOTICED,
        bites: &["cache lost"],
    },
    Fault {
        name: "redis/lagging-master-killed",
        sentence: "Replicas are paused for 2 s, then the master is killed: what it knew alone is lost, by design.",
        shape: WITH_SENTINELS,
        clients: USUAL,
        plan: Plan::Steps(&[
            (0, Deed::PauseReplicas),
            (2, Deed::KillMasterResumeReplicas),
            (17, Deed::RestartRedis),
        ]),
        promise: UNNOTICED,
        bites: &["cache lost"],
    },
    Fault {
        name: "redis/away",
        sentence: "Servers and sentinels are killed for 30 s: the platform goes on without a cache.",
        shape: WITH_SENTINELS,
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::KillRedis), (30, Deed::RestartRedis)]),
        promise: UNNOTICED,
        bites: &["cache lost"],
    },
];
