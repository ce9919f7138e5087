//! The first start of a cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::java::{REMEDY, java};
use super::node::{Node, Plan, SETTINGS};
use super::ports::Ports;
use super::release::{KRAFT, Release, WITH_ZOOKEEPER};
use super::secure::Secured;
use super::settings::{self, CLUSTER_ID};
use super::{Kafka, KafkaShape, jars, ready};
use crate::{ServersError, at};

const BROKER_HEAP_MIB: u16 = 256;
const SMALL_HEAP_MIB: u16 = 64;

/// Starts all of it; `login` is the user and the password of a secured one.
pub(crate) async fn start(shape: KafkaShape, login: Option<(&str, &str)>) -> Result<Kafka, ServersError> {
    let release = match shape {
        KafkaShape::ZooKeeper => &WITH_ZOOKEEPER,
        KafkaShape::KraftOne | KafkaShape::KraftThree => &KRAFT,
    };
    let folder = tempfile::tempdir().map_err(at(&std::env::temp_dir()))?;
    let secured = login
        .map(|(user, password)| Secured::create(folder.path(), user, password))
        .transpose()?;
    let site = Site {
        release,
        jars: jars::folder(release).await?,
        folder: folder.path().to_owned(),
        ports: Ports::free(shape, secured.is_some())?,
    };
    let (brokers, zookeepers) = match shape {
        KafkaShape::ZooKeeper => {
            let zookeepers = site.zookeepers().await?;
            (site.brokers()?, zookeepers)
        }
        KafkaShape::KraftOne | KafkaShape::KraftThree => (site.kraft(secured.as_ref()).await?, Vec::new()),
    };
    let mut kafka = Kafka {
        shape,
        ports: site.ports,
        brokers,
        zookeepers,
        secured,
        folder,
        lifeline: None,
    };
    for broker in &mut kafka.brokers {
        ready::broker(broker).await?;
    }
    kafka.together().await?;
    Ok(kafka)
}

/// Where a cluster is set up, and of what.
struct Site {
    release: &'static Release,
    jars: PathBuf,
    folder: PathBuf,
    ports: Ports,
}

impl Site {
    /// Three that have found each other.
    async fn zookeepers(&self) -> Result<Vec<Node>, ServersError> {
        let main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
        let start = |number| {
            let port = self.ports.zookeeper(number);
            let plan = self.plan(format!("zookeeper-{number}"), SMALL_HEAP_MIB, main, port);
            let data = plan.home.join("data");
            fs::create_dir_all(&data).map_err(at(&data))?;
            let id = data.join("myid");
            fs::write(&id, settings::zookeeper_id(number).to_string()).map_err(at(&id))?;
            plan.write(&settings::zookeeper(self.ports, number, &data))?;
            Node::start(plan)
        };
        let mut nodes = (0..self.ports.zookeepers)
            .map(start)
            .collect::<Result<Vec<_>, _>>()?;
        for node in &mut nodes {
            ready::zookeeper(node).await?;
        }
        Ok(nodes)
    }

    /// Brokers that keep their metadata in ZooKeeper, just started.
    fn brokers(&self) -> Result<Vec<Node>, ServersError> {
        let start = |number| {
            let plan = self.broker(number);
            plan.write(&settings::with_zookeeper(self.ports, number, &data(&plan)))?;
            Node::start(plan)
        };
        (0..self.ports.brokers).map(start).collect()
    }

    /// Nodes of KRaft, just started.
    async fn kraft(&self, secured: Option<&Secured>) -> Result<Vec<Node>, ServersError> {
        let plans: Vec<Plan> = (0..self.ports.brokers)
            .map(|number| self.broker(number))
            .collect();
        let mut formats = Vec::new();
        for (number, plan) in (0..).zip(&plans) {
            plan.write(&settings::kraft(self.ports, number, &data(plan), secured))?;
            formats.push(format_storage(plan, secured)?);
        }
        for format in formats {
            finished(format).await?;
        }
        plans.into_iter().map(Node::start).collect()
    }

    fn broker(&self, number: u16) -> Plan {
        let port = self.ports.inner(number);
        self.plan(format!("kafka-{number}"), BROKER_HEAP_MIB, "kafka.Kafka", port)
    }

    fn plan(&self, name: String, heap_mib: u16, main: &'static str, port: u16) -> Plan {
        Plan {
            release: self.release,
            jars: self.jars.clone(),
            home: self.folder.join(&name),
            name,
            heap_mib,
            main,
            port,
        }
    }
}

fn data(plan: &Plan) -> PathBuf {
    plan.home.join("data")
}

/// Starts what lays out the folder of a node of KRaft: the cluster's name and what its metadata begin with.
fn format_storage(plan: &Plan, secured: Option<&Secured>) -> Result<Child, ServersError> {
    let tool = "kafka.tools.StorageTool";
    let mut command = java(plan.release, &plan.jars, &plan.home, SMALL_HEAP_MIB, tool);
    command
        .args(["format", "--cluster-id", CLUSTER_ID, "--config"])
        .arg(Path::new(&plan.home).join(SETTINGS));
    if let Some(secured) = secured {
        command.arg("--add-scram").arg(secured.scram_user());
    }
    Command::from(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| ServersError::Start {
            program: "java".into(),
            remedy: REMEDY,
            source,
        })
}

async fn finished(format: Child) -> Result<(), ServersError> {
    let name = "formatting the storage of Kafka".to_owned();
    let output = match format.wait_with_output().await {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        Err(error) => error.to_string(),
    };
    Err(ServersError::Failed { name, output })
}
