//! One etcd, for what keeps its state there.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::{Program, ServersError, http};

/// How long it may take to answer for the first time, on a machine that has other things to do.
const LIMIT: Duration = Duration::from_mins(1);
const REMEDY: &str = "type: apt-get install etcd-server";

/// How many ports in a row it needs.
pub(crate) const PORTS: u16 = 2;

/// Starts one with its files in `home`, which exists; clients use the first port.
pub(crate) async fn start(port: u16, home: &Path) -> Result<Program, ServersError> {
    let clients = format!("http://127.0.0.1:{port}");
    let peers = format!("http://127.0.0.1:{}", port.saturating_add(1));
    let mut command = Command::new("etcd");
    command
        .arg("--data-dir")
        .arg(home.join("data"))
        .args(["--name", "etcd", "--logger", "zap"])
        .args(["--listen-client-urls", &clients])
        .args(["--advertise-client-urls", &clients])
        .args(["--listen-peer-urls", &peers])
        .args(["--initial-advertise-peer-urls", &peers])
        .args(["--initial-cluster", &format!("etcd={peers}")]);
    let mut program = Program::start("etcd", command, &home.join("log"), REMEDY)?;
    let is_healthy = || async { http::status(port, "/health").await == Some(200) };
    program.ready(LIMIT, is_healthy).await?;
    Ok(program)
}
