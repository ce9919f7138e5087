//! A Redis that survives the loss of its master: one master, two replicas, three sentinels.

use std::time::Duration;

use redis::{Role, cmd};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::redis::{Door, Node, Tls, folder};
use crate::{ServersError, TestCa, free_block};

/// What the sentinels call the master.
const MASTER: &str = "jeongsan";
/// After so long without an answer a sentinel takes a server for gone.
const DOWN_AFTER_MS: u32 = 2_000;
/// How long all of it may take to find together.
const TOGETHER_LIMIT: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(50);
const SENTINEL: &[&str] = &["--sentinel"];

/// One master, two replicas and three sentinels, as in production. The servers have a password, the sentinels none, and
/// a master that no replica follows takes no writes. Dropping it kills all of them.
#[derive(Debug)]
pub struct RedisSentinel {
    servers: Vec<Node>,
    sentinels: Vec<Node>,
    _folder: TempDir,
}

impl RedisSentinel {
    /// Starts them, and waits until all know each other.
    ///
    /// # Errors
    /// [`ServersError`]; where redis-server is missing, it says what to type.
    pub async fn start(password: &str) -> Result<Self, ServersError> {
        Self::start_in(folder()?, password, None).await
    }

    /// Starts them so that all of them speak TLS alone, with certificates of `authority` for 127.0.0.1.
    ///
    /// # Errors
    /// As [`RedisSentinel::start`].
    pub async fn start_encrypted(password: &str, authority: &TestCa) -> Result<Self, ServersError> {
        let folder = folder()?;
        let tls = Tls::make(authority, folder.path())?;
        Self::start_in(folder, password, Some(tls)).await
    }

    async fn start_in(folder: TempDir, password: &str, tls: Option<Tls>) -> Result<Self, ServersError> {
        let door = |port, password: &str| Door {
            port,
            password: password.to_owned(),
            tls: tls.clone(),
        };
        let path = folder.path().to_owned();
        let base = free_block(6)?;
        let mut this = Self {
            servers: Vec::new(),
            sentinels: Vec::new(),
            _folder: folder,
        };
        for offset in 0..3 {
            let follows = if offset == 0 {
                String::new()
            } else {
                format!("replicaof 127.0.0.1 {base}\n")
            };
            let settings = server_settings(password, &follows);
            let name = format!("redis-{offset}");
            let place = path.join(&name);
            let node = Node::start(&name, door(base + offset, password), place, &settings, &[]).await?;
            this.servers.push(node);
        }
        for offset in 0..3 {
            let settings = sentinel_settings(base, password);
            let name = format!("sentinel-{offset}");
            let place = path.join(&name);
            let node = Node::start(&name, door(base + 3 + offset, ""), place, &settings, SENTINEL).await?;
            this.sentinels.push(node);
        }
        this.together().await?;
        Ok(this)
    }

    /// What the sentinels call the master.
    pub fn master_name(&self) -> &'static str {
        MASTER
    }

    /// The ports of the sentinels on 127.0.0.1.
    pub fn sentinel_ports(&self) -> Vec<u16> {
        self.sentinels.iter().map(Node::port).collect()
    }

    /// The ports of the servers on 127.0.0.1; the first was the master at the start.
    pub fn server_ports(&self) -> Vec<u16> {
        self.servers.iter().map(Node::port).collect()
    }

    /// The port of the server that says of itself that it is the master, and that two sentinels take for it. None
    /// while they have none.
    pub async fn master(&self) -> Option<u16> {
        for node in &self.servers {
            let agreed = self.votes(node.port()).await >= 2;
            if agreed && matches!(node.ask(&cmd("ROLE")).await, Ok(Role::Primary { .. })) {
                return Some(node.port());
            }
        }
        None
    }

    /// `kill -9` for the master; gives its port.
    pub async fn kill_master(&mut self) -> Option<u16> {
        let port = self.master().await?;
        self.kill(port);
        Some(port)
    }

    /// Has the sentinels make another server the master, in order.
    ///
    /// # Errors
    /// [`ServersError::Redis`] where they see no replica that could be.
    pub async fn fail_over(&self) -> Result<(), ServersError> {
        let mut command = cmd("SENTINEL");
        command.arg("FAILOVER").arg(MASTER);
        for sentinel in self.sentinels.iter().take(1) {
            sentinel.ask::<String>(&command).await?;
        }
        Ok(())
    }

    /// Freezes the server at that port.
    pub fn pause(&mut self, port: u16) {
        if let Some(node) = self.server(port) {
            node.program.pause();
        }
    }

    /// Lets it go on.
    pub fn resume(&mut self, port: u16) {
        if let Some(node) = self.server(port) {
            node.program.resume();
        }
    }

    /// `kill -9` for the server at that port.
    pub fn kill(&mut self, port: u16) {
        if let Some(node) = self.server(port) {
            node.program.kill();
        }
    }

    /// `kill -9` for all six.
    pub fn kill_all(&mut self) {
        for node in self.sentinels.iter_mut().chain(&mut self.servers) {
            node.program.kill();
        }
    }

    /// Starts whatever does not run again, where it was and with what it kept, and waits until all know each other.
    ///
    /// # Errors
    /// As [`RedisSentinel::start`].
    pub async fn restart_dead(&mut self) -> Result<(), ServersError> {
        for node in self.servers.iter_mut().chain(&mut self.sentinels) {
            if !node.program.is_running() {
                node.restart().await?;
            }
        }
        self.together().await
    }

    /// Waits until a master with two replicas is known to two sentinels, and a failover would find a majority.
    ///
    /// # Errors
    /// [`ServersError::NotTogether`] after a minute.
    pub async fn together(&self) -> Result<(), ServersError> {
        let deadline = Instant::now() + TOGETHER_LIMIT;
        while !self.is_together().await {
            if Instant::now() >= deadline {
                return Err(ServersError::NotTogether {
                    limit: TOGETHER_LIMIT,
                });
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn is_together(&self) -> bool {
        let Some(port) = self.master().await else {
            return false;
        };
        let Some(master) = self.servers.iter().find(|node| node.port() == port) else {
            return false;
        };
        let followed = master
            .ask(&cmd("ROLE"))
            .await
            .is_ok_and(|role| matches!(role, Role::Primary { replicas, .. } if replicas.len() == 2));
        if !followed {
            return false;
        }
        for sentinel in &self.sentinels {
            let mut quorum = cmd("SENTINEL");
            quorum.arg("CKQUORUM").arg(MASTER);
            let mut replicas = cmd("SENTINEL");
            replicas.arg("REPLICAS").arg(MASTER);
            let majority = sentinel.ask::<String>(&quorum).await.is_ok();
            let known = sentinel.ask::<Vec<redis::Value>>(&replicas).await;
            if !majority || !known.is_ok_and(|known| known.len() == 2) {
                return false;
            }
        }
        true
    }

    /// How many sentinels take that server for the master.
    async fn votes(&self, port: u16) -> usize {
        let mut command = cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(MASTER);
        let mut votes = 0_usize;
        for sentinel in &self.sentinels {
            let answer = sentinel.ask::<(String, u16)>(&command).await;
            votes += usize::from(answer.is_ok_and(|(_, named)| named == port));
        }
        votes
    }

    fn server(&mut self, port: u16) -> Option<&mut Node> {
        self.servers.iter_mut().find(|node| node.port() == port)
    }
}

fn server_settings(password: &str, follows: &str) -> String {
    format!(
        "appendonly yes\nappendfsync everysec\nsave \"\"\nmin-replicas-to-write 1\nmin-replicas-max-lag 10\n\
         repl-diskless-sync-delay 0\nrequirepass \"{password}\"\nmasterauth \"{password}\"\n{follows}"
    )
}

fn sentinel_settings(master: u16, password: &str) -> String {
    format!(
        "sentinel monitor {MASTER} 127.0.0.1 {master} 2\nsentinel auth-pass {MASTER} \"{password}\"\n\
         sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}\nsentinel failover-timeout {MASTER} 10000\n\
         sentinel parallel-syncs {MASTER} 1\n"
    )
}
