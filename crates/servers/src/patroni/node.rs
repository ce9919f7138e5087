//! One server of the cluster: Patroni, and the PostgreSQL that it starts, stops and promotes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use embedded::Programs;
use rustix::process::Signal;

use super::cluster::Cluster;
use crate::data_folder::signal_inhabitants;
use crate::{Program, ServersError, at, http};

const REMEDY: &str = "remove the folder jeongsan/patroni from the cache";

/// Dropping it kills it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) port: u16,
    name: String,
    rest_port: u16,
    home: PathBuf,
    program: Option<Program>,
}

impl Node {
    /// Writes its settings into a folder of its own, for the account that runs it. It does not run yet.
    pub(super) fn create(number: u16, cluster: &Cluster, programs: &Programs) -> Result<Self, ServersError> {
        let name = format!("node{number}");
        let home = cluster.folder.join(&name);
        fs::create_dir(&home).map_err(at(&home))?;
        let node = Self {
            port: cluster.port(number),
            rest_port: cluster.rest_port(number),
            program: None,
            name,
            home,
        };
        let file = node.settings_file();
        let settings = cluster.settings(number, &node.name, &node.data(), programs.folder());
        fs::write(&file, settings).map_err(at(&file))?;
        programs.give(&node.home)?;
        Ok(node)
    }

    /// Starts Patroni, which starts PostgreSQL when it knows as what.
    pub(super) fn launch(&mut self, programs: &Programs, python: &Path) -> Result<(), ServersError> {
        let mut command = programs.other(python, &self.home);
        command.args(["-m", "patroni"]).arg(self.settings_file());
        let log = self.home.join("log");
        let program = Program::start(&self.name, command.into_std(), &log, REMEDY)?;
        self.program = Some(program);
        Ok(())
    }

    pub(super) fn is_running(&mut self) -> bool {
        self.program.as_mut().is_some_and(Program::is_running)
    }

    /// Waits until it is the leader.
    pub(super) async fn leads_within(&mut self, limit: Duration) -> Result<(), ServersError> {
        let port = self.rest_port;
        let leads = || async move { http::status(port, "/leader").await == Some(200) };
        match &mut self.program {
            Some(program) => program.ready(limit, leads).await,
            None => Err(ServersError::NoLeader),
        }
    }

    /// What Patroni answers of itself: `/leader` is 200 for whoever holds the lock, `/quorum` for a replica that runs and
    /// may succeed it.
    pub(super) async fn says(&self, path: &str) -> bool {
        http::status(self.rest_port, path).await == Some(200)
    }

    /// The whole of it at once, as a loss of power does.
    pub(super) fn kill(&mut self) {
        self.program = None;
        // What was forked while the first round went over the processes falls in the second.
        for _ in 0..2 {
            self.signal(Signal::KILL);
        }
    }

    pub(super) fn pause(&self) {
        self.program.iter().for_each(Program::pause);
        self.signal(Signal::STOP);
    }

    pub(super) fn resume(&self) {
        self.signal(Signal::CONT);
        self.program.iter().for_each(Program::resume);
    }

    /// The end of what Patroni and PostgreSQL wrote.
    pub(super) fn last_lines(&self) -> String {
        let lines = self.program.as_ref().map(Program::last_lines);
        format!("{}:\n{}\n", self.name, lines.unwrap_or_default())
    }

    /// PostgreSQL is in no process group of ours, but all of it works in its data folder; what copies and rewinds
    /// that folder works in ours.
    fn signal(&self, signal: Signal) {
        for folder in [&self.home, &self.data()] {
            signal_inhabitants(folder, signal);
        }
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn settings_file(&self) -> PathBuf {
        self.home.join("patroni.yml")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}
