//! PostgreSQL that fails over by itself: three servers under Patroni, which agree through one etcd.

mod cluster;
mod environment;
mod node;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use embedded::{EmbeddedOptions, Programs};
use rand::distr::{Alphanumeric, SampleString as _};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use self::cluster::{Cluster, PORTS};
use self::node::Node;
use crate::{Program, ServersError, at, etcd, free_block};

/// How many servers there are.
const SERVERS: u16 = 3;
/// How long all of it may take to become healthy on a starved machine. A failover alone takes 20 s.
const LIMIT: Duration = Duration::from_mins(4);
const LOOK: Duration = Duration::from_millis(100);
/// Patroni needs more of PostgreSQL than a download has.
const NEEDED: [&str; 5] = [
    "pg_ctl",
    "pg_basebackup",
    "pg_rewind",
    "pg_controldata",
    "pg_isready",
];

/// A primary and two streaming replicas on loopback with automatic failover. A commit is acknowledged when one replica
/// has it on disk too; after the loss of the primary there is another one within half a minute, and it has all that
/// was acknowledged. Roles log in with passwords (SCRAM), and there are 300 connections.
///
/// Dropping it kills all of them.
#[derive(Debug)]
pub struct Patroni {
    // The order in which they are dropped: without etcd the others would only complain.
    nodes: Vec<Node>,
    _etcd: Program,
    programs: Programs,
    python: PathBuf,
    cluster: Cluster,
    _folder: TempDir,
}

impl Patroni {
    /// Starts all of them; returns when they are healthy. The first time on a machine, it installs Patroni from `PyPI`
    /// into `jeongsan/patroni` in the user's cache, or in `/var/cache` as root.
    ///
    /// # Errors
    /// [`ServersError`]; where a program is missing, it says what to type.
    pub async fn start() -> Result<Self, ServersError> {
        let folder = tempfile::tempdir().map_err(at(&std::env::temp_dir()))?;
        // The servers run as another user than root and must get through.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), open).map_err(at(folder.path()))?;
        let cluster = Cluster {
            // As the system names the folders that processes work in.
            folder: folder.path().canonicalize().map_err(at(folder.path()))?,
            base_port: free_block(PORTS)?,
            password: Alphanumeric.sample_string(&mut rand::rng(), 24),
        };
        let programs = programs(&cluster).await?;
        let python = environment::python(&programs).await?;
        let home = cluster.folder.join("etcd");
        fs::create_dir(&home).map_err(at(&home))?;
        let etcd = etcd::start(cluster.etcd_port(), &home).await?;
        let nodes = (0..SERVERS)
            .map(|number| Node::create(number, &cluster, &programs))
            .collect::<Result<_, _>>()?;
        let mut this = Self {
            nodes,
            _etcd: etcd,
            programs,
            python,
            cluster,
            _folder: folder,
        };
        // The first alone creates the cluster, so that it is the primary.
        for first in this.nodes.iter_mut().take(1) {
            first.launch(&this.programs, &this.python)?;
            first.leads_within(LIMIT).await?;
        }
        this.restart_dead().await?;
        Ok(this)
    }

    /// `127.0.0.1:port` of every server, in the order of their numbers.
    pub fn hosts(&self) -> Vec<String> {
        let host = |node: &Node| format!("127.0.0.1:{}", node.port);
        self.nodes.iter().map(host).collect()
    }

    /// The administrator's address of a database on all servers, in the form of several hosts.
    pub fn url(&self, database: &str) -> String {
        self.url_at(&self.hosts().join(","), database)
    }

    /// The administrator's address of a database on one server.
    ///
    /// # Errors
    /// [`ServersError::NoServer`].
    pub fn url_of(&self, server: usize, database: &str) -> Result<String, ServersError> {
        let node = self.nodes.get(server).ok_or(ServersError::NoServer(server))?;
        Ok(self.url_at(&format!("127.0.0.1:{}", node.port), database))
    }

    /// The number of the server that holds the leader's lock, by its own word. None while there is none.
    pub async fn leader(&self) -> Option<usize> {
        for (server, node) in self.nodes.iter().enumerate() {
            if node.says("/leader").await {
                return Some(server);
            }
        }
        None
    }

    /// Kills the leader as a loss of power does: Patroni and PostgreSQL with all its processes. Returns its number.
    ///
    /// # Errors
    /// [`ServersError::NoLeader`].
    pub async fn kill_primary(&mut self) -> Result<usize, ServersError> {
        let leader = self.leader().await.ok_or(ServersError::NoLeader)?;
        self.kill(leader)?;
        Ok(leader)
    }

    /// Kills one server, in the same way.
    ///
    /// # Errors
    /// [`ServersError::NoServer`].
    pub fn kill(&mut self, server: usize) -> Result<(), ServersError> {
        self.node(server)?.kill();
        Ok(())
    }

    /// Freezes one server, Patroni and PostgreSQL: its ports take connections, and nothing answers.
    ///
    /// # Errors
    /// [`ServersError::NoServer`].
    pub fn pause(&mut self, server: usize) -> Result<(), ServersError> {
        self.node(server)?.pause();
        Ok(())
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// [`ServersError::NoServer`].
    pub fn resume(&mut self, server: usize) -> Result<(), ServersError> {
        self.node(server)?.resume();
        Ok(())
    }

    /// Starts whatever does not run again, with what it kept, and waits until all are healthy.
    ///
    /// # Errors
    /// As [`Patroni::wait_healthy`].
    pub async fn restart_dead(&mut self) -> Result<(), ServersError> {
        for node in &mut self.nodes {
            if !node.is_running() {
                node.launch(&self.programs, &self.python)?;
            }
        }
        self.wait_healthy().await
    }

    /// Waits until there is a leader, and both others stream from it, count for commits and may succeed it. (Patroni has
    /// PostgreSQL wait for a replica first, and then notes in etcd that it may: a leader that is lost between the two
    /// has no successor until it returns.)
    ///
    /// # Errors
    /// [`ServersError::Late`] after four minutes, with the end of all logs.
    pub async fn wait_healthy(&mut self) -> Result<(), ServersError> {
        let deadline = Instant::now() + LIMIT;
        while !self.is_healthy().await {
            if Instant::now() >= deadline {
                return Err(ServersError::Late {
                    name: "the cluster of PostgreSQL under Patroni".to_owned(),
                    limit: LIMIT,
                    log: self.nodes.iter().map(Node::last_lines).collect(),
                });
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn is_healthy(&mut self) -> bool {
        let Some(leader) = self.leader().await else {
            return false;
        };
        for (server, node) in self.nodes.iter_mut().enumerate() {
            if !node.is_running() || (server != leader && !node.says("/quorum").await) {
                return false;
            }
        }
        self.replicas_that_count(leader).await == Some(i64::from(SERVERS - 1))
    }

    /// How many replicas stream from that server and count for its commits, by its own word.
    async fn replicas_that_count(&self, leader: usize) -> Option<i64> {
        let url = self.url_of(leader, "postgres").ok()?;
        let mut conn = PgConnection::connect(&url).await.ok()?;
        let question =
            "select count(*) from pg_stat_replication where state = 'streaming' and sync_state = 'quorum'";
        let count = sqlx::query_scalar(question).fetch_one(&mut conn).await;
        let _ = conn.close().await;
        count.ok()
    }

    fn node(&mut self, server: usize) -> Result<&mut Node, ServersError> {
        self.nodes.get_mut(server).ok_or(ServersError::NoServer(server))
    }

    fn url_at(&self, hosts: &str, database: &str) -> String {
        format!("postgres://postgres:{}@{hosts}/{database}", self.cluster.password)
    }
}

/// PostgreSQL's programs as a distribution installs them.
async fn programs(cluster: &Cluster) -> Result<Programs, ServersError> {
    let programs = Programs::find(&EmbeddedOptions::new(&cluster.folder)).await?;
    let missing = NEEDED
        .iter()
        .map(|program| programs.folder().join(program))
        .find(|program| !program.is_file());
    match missing {
        None => Ok(programs),
        Some(program) => Err(ServersError::Start {
            program,
            remedy: "type: apt-get install postgresql",
            source: std::io::ErrorKind::NotFound.into(),
        }),
    }
}
