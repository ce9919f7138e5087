//! One JVM of a cluster: a broker or a ZooKeeper.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::java::{REMEDY, java};
use super::release::Release;
use crate::{Program, ServersError, at};

/// How long a node may take to become ready on a starved machine.
pub(crate) const START_LIMIT: Duration = Duration::from_mins(3);
/// What a node's file of settings is called in its folder.
pub(crate) const SETTINGS: &str = "server.properties";

/// What it takes to start a node, again and again.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) release: &'static Release,
    pub(crate) jars: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) heap_mib: u16,
    pub(crate) main: &'static str,
    /// Where it is asked.
    pub(crate) port: u16,
}

impl Plan {
    /// Writes its files.
    pub(crate) fn write(&self, settings: &str) -> Result<(), ServersError> {
        fs::create_dir_all(&self.home).map_err(at(&self.home))?;
        for (name, content) in [
            (SETTINGS, settings),
            (self.release.logging_file, self.release.logging),
        ] {
            let path = self.home.join(name);
            fs::write(&path, content).map_err(at(&path))?;
        }
        Ok(())
    }

    fn launch(&self) -> Result<Program, ServersError> {
        let mut command = java(self.release, &self.jars, &self.home, self.heap_mib, self.main);
        command.arg(self.home.join(SETTINGS));
        Program::start(self.name.clone(), command, &self.home.join("log"), REMEDY)
    }
}

/// A node that was started, and may be dead or paused meanwhile.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) plan: Plan,
    program: Program,
    paused: bool,
    /// How much was in its log before this start.
    log_before: usize,
}

impl Node {
    pub(crate) fn start(plan: Plan) -> Result<Self, ServersError> {
        Ok(Self {
            program: plan.launch()?,
            plan,
            paused: false,
            log_before: 0,
        })
    }

    /// Starts it again with what it kept; returns at once.
    pub(crate) fn restart(&mut self) -> Result<(), ServersError> {
        self.kill();
        self.log_before = self.program.log().len();
        self.program = self.plan.launch()?;
        Ok(())
    }

    /// Waits until `probe`, which is given its port, says yes.
    pub(crate) async fn ready(&mut self, probe: impl AsyncFn(u16) -> bool) -> Result<(), ServersError> {
        let port = self.plan.port;
        self.program.ready(START_LIMIT, || probe(port)).await
    }

    /// Its process group.
    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }

    /// What it has written since it was started for the last time.
    pub(crate) fn log(&self) -> String {
        self.program.log().split_off(self.log_before)
    }

    pub(crate) fn kill(&mut self) {
        self.program.kill();
        self.paused = false;
    }

    pub(crate) fn pause(&mut self) {
        self.program.pause();
        self.paused = true;
    }

    pub(crate) fn resume(&mut self) {
        self.program.resume();
        self.paused = false;
    }

    pub(crate) fn is_dead(&mut self) -> bool {
        !self.program.is_running()
    }

    /// Whether it can answer: it neither is dead nor paused.
    pub(crate) fn is_awake(&mut self) -> bool {
        !self.paused && self.program.is_running()
    }
}
