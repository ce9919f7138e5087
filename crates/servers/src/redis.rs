//! One Redis, plain or over TLS.

mod door;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use redis::{Cmd, FromRedisValue};
use tempfile::TempDir;

pub(crate) use self::door::{Door, Tls};
use crate::{Program, ServersError, TestCa, free_block};

/// How long a server may take to answer for the first time, on a machine that has other things to do.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long a server may take to stop by itself.
const STOP_LIMIT: Duration = Duration::from_secs(5);
const REMEDY: &str = "type: apt-get install redis-server";

/// One Redis that keeps nothing on disk, with a password. Dropping it kills it.
#[derive(Debug)]
pub struct RedisServer {
    node: Node,
    _folder: TempDir,
}

impl RedisServer {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// [`ServersError`]; where redis-server is missing, it says what to type.
    pub async fn start(password: &str) -> Result<Self, ServersError> {
        Self::start_in(folder()?, password, None).await
    }

    /// Starts one that speaks TLS alone, with a certificate of `authority` for `localhost` and 127.0.0.1.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub async fn start_encrypted(password: &str, authority: &TestCa) -> Result<Self, ServersError> {
        let folder = folder()?;
        let tls = Tls::make(authority, folder.path())?;
        Self::start_in(folder, password, Some(tls)).await
    }

    async fn start_in(folder: TempDir, password: &str, tls: Option<Tls>) -> Result<Self, ServersError> {
        let door = Door {
            port: free_block(1)?,
            password: password.to_owned(),
            tls,
        };
        let lines = format!("save \"\"\nappendonly no\nrequirepass \"{password}\"\n");
        let place = folder.path().join("redis");
        let node = Node::start("redis", door, place, &lines, &[]).await?;
        Ok(Self {
            node,
            _folder: folder,
        })
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.node.port()
    }

    /// How long `key` of that database still lives, in milliseconds; negative where it does not.
    ///
    /// # Errors
    /// [`ServersError::Redis`].
    pub async fn left_ms(&self, database: i64, key: &str) -> Result<i64, ServersError> {
        let question = redis::cmd("PTTL").arg(key).to_owned();
        self.node.ask_in(database, &question).await
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.node.program.kill();
    }

    /// Freezes it: its port takes connections, and nothing answers.
    pub fn pause(&self) {
        self.node.program.pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.node.program.resume();
    }

    /// Starts it again on the same port, empty.
    ///
    /// # Errors
    /// As [`RedisServer::start`].
    pub async fn restart(&mut self) -> Result<(), ServersError> {
        self.node.restart().await
    }

    /// Stops it in order.
    pub async fn stop(&mut self) {
        self.node.program.stop(STOP_LIMIT).await;
    }
}

/// A `redis-server` with a file of settings, which it may rewrite itself.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) program: Program,
    door: Door,
    name: String,
    folder: PathBuf,
    arguments: &'static [&'static str],
}

impl Node {
    /// Starts a server of these settings in `folder`; `arguments` follow the name of the file.
    pub(crate) async fn start(
        name: &str,
        door: Door,
        folder: PathBuf,
        settings: &str,
        arguments: &'static [&'static str],
    ) -> Result<Self, ServersError> {
        let file = |source| ServersError::File {
            path: folder.clone(),
            source,
        };
        fs::create_dir_all(&folder).map_err(file)?;
        let shown = folder.display();
        let whole = format!("{}bind 127.0.0.1\ndir \"{shown}\"\n{settings}", door.settings());
        fs::write(folder.join("redis.conf"), whole).map_err(file)?;
        let program = launch(name, &folder, arguments)?;
        let mut node = Self {
            program,
            door,
            name: name.to_owned(),
            folder,
            arguments,
        };
        node.ready().await?;
        Ok(node)
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.door.port
    }

    /// Starts it again with the settings as it left them.
    pub(crate) async fn restart(&mut self) -> Result<(), ServersError> {
        self.program.kill();
        self.program = launch(&self.name, &self.folder, self.arguments)?;
        self.ready().await
    }

    /// Asks it anything, on a connection of its own.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, ServersError> {
        self.ask_in(0, command).await
    }

    async fn ask_in<T: FromRedisValue>(&self, database: i64, command: &Cmd) -> Result<T, ServersError> {
        let answer = self.door.ask(database, command).await;
        answer.map_err(|source| ServersError::Redis {
            name: self.name.clone(),
            source,
        })
    }

    async fn ready(&mut self) -> Result<(), ServersError> {
        let door = self.door.clone();
        let probe = async || door.ask::<String>(0, &redis::cmd("PING")).await.is_ok();
        self.program.ready(START_LIMIT, probe).await
    }
}

/// A folder of its own for servers.
pub(crate) fn folder() -> Result<TempDir, ServersError> {
    tempfile::tempdir().map_err(|source| ServersError::File {
        path: std::env::temp_dir(),
        source,
    })
}

fn launch(name: &str, folder: &Path, arguments: &[&str]) -> Result<Program, ServersError> {
    let mut command = Command::new("redis-server");
    command.arg(folder.join("redis.conf")).args(arguments);
    Program::start(name, command, &folder.join("log"), REMEDY)
}
