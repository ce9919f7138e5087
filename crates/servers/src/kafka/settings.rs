//! The files of settings: small, with everything replicated wherever there is more than one broker.

use std::path::Path;

use super::ports::Ports;
use super::secure::Secured;

/// The nodes of KRaft start under an agreed name: 16 bytes in base64.
pub(crate) const CLUSTER_ID: &str = "amVvbmdzYW4tdG9ydHVyZQ";
/// A broker that is silent for so long counts as dead.
const SESSION_MS: u32 = 6_000;
/// Whoever starts all at once on a busy machine waits for the slowest.
const PATIENCE_MS: u32 = 120_000;

/// What a ZooKeeper is called among its peers: they count from one.
pub(crate) fn zookeeper_id(number: u16) -> u16 {
    number + 1
}

/// For one of three ZooKeepers.
pub(crate) fn zookeeper(ports: Ports, number: u16, data: &Path) -> String {
    let ensemble: Vec<String> = (0..ports.zookeepers)
        .map(|peer| {
            format!(
                "server.{}=127.0.0.1:{}:{}",
                zookeeper_id(peer),
                ports.zookeeper_peer(peer),
                ports.zookeeper_election(peer)
            )
        })
        .collect();
    format!(
        "dataDir={}\nclientPort={}\nclientPortAddress=127.0.0.1\ntickTime=1000\ninitLimit=60\nsyncLimit=10\n\
         maxClientCnxns=0\nadmin.enableServer=false\n{}\n",
        data.display(),
        ports.zookeeper(number),
        ensemble.join("\n")
    )
}

/// For a broker that keeps its metadata in ZooKeeper.
pub(crate) fn with_zookeeper(ports: Ports, number: u16, data: &Path) -> String {
    let ensemble: Vec<String> = (0..ports.zookeepers)
        .map(|server| format!("127.0.0.1:{}", ports.zookeeper(server)))
        .collect();
    let port = ports.broker(number);
    format!(
        "broker.id={number}\nlisteners=PLAINTEXT://127.0.0.1:{port}\nzookeeper.connect={}\n\
         zookeeper.session.timeout.ms={SESSION_MS}\nzookeeper.connection.timeout.ms={PATIENCE_MS}\n{}",
        ensemble.join(","),
        common(ports, data)
    )
}

/// For a node of KRaft that is broker and controller.
pub(crate) fn kraft(ports: Ports, number: u16, data: &Path, secured: Option<&Secured>) -> String {
    let voters: Vec<String> = (0..ports.brokers)
        .map(|voter| format!("{voter}@127.0.0.1:{}", ports.controller(voter)))
        .collect();
    let clients = ports.broker(number);
    let controller = ports.controller(number);
    let (outer, security) = match secured {
        None => (String::new(), String::new()),
        Some(secured) => (
            format!("CLIENT://127.0.0.1:{clients},"),
            secured.settings("CLIENT"),
        ),
    };
    let brokers = ports.inner(number);
    format!(
        "process.roles=broker,controller\nnode.id={number}\ncontroller.quorum.voters={}\n\
         listeners={outer}BROKER://127.0.0.1:{brokers},CONTROLLER://127.0.0.1:{controller}\n\
         listener.security.protocol.map=CLIENT:SASL_SSL,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         controller.listener.names=CONTROLLER\ninter.broker.listener.name=BROKER\n\
         broker.session.timeout.ms={SESSION_MS}\n\
         share.coordinator.state.topic.replication.factor={replicas}\nshare.coordinator.state.topic.min.isr={in_sync}\n\
         {security}{}",
        voters.join(","),
        common(ports, data),
        replicas = ports.brokers,
        in_sync = in_sync(ports),
    )
}

/// How many replicas must have a message before it is acknowledged: one of three may be away.
fn in_sync(ports: Ports) -> u16 {
    ports.brokers.div_ceil(2)
}

fn common(ports: Ports, data: &Path) -> String {
    let replicas = ports.brokers;
    let in_sync = in_sync(ports);
    format!(
        "log.dirs={}\nauto.create.topics.enable=false\n\
         default.replication.factor={replicas}\nmin.insync.replicas={in_sync}\n\
         offsets.topic.num.partitions=3\noffsets.topic.replication.factor={replicas}\n\
         transaction.state.log.num.partitions=3\ntransaction.state.log.replication.factor={replicas}\n\
         transaction.state.log.min.isr={in_sync}\ngroup.initial.rebalance.delay.ms=0\n\
         num.network.threads=2\nnum.io.threads=3\nbackground.threads=2\n\
         log.segment.bytes=67108864\nlog.index.size.max.bytes=1048576\nlog.cleaner.dedupe.buffer.size=4194304\n",
        data.display()
    )
}
