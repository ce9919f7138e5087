//! What the tests of real servers share.

use std::time::Duration;

use embedded::{EmbeddedOptions, EmbeddedPostgres, ServerState};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A data folder that the server's user can reach, whoever runs the tests.
pub fn data_folder() -> TempDir {
    let tmp = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(tmp.path(), open).unwrap();
    tmp
}

/// A server with little memory, so that several run side by side.
pub fn options(tmp: &TempDir) -> EmbeddedOptions {
    EmbeddedOptions {
        settings: vec![("shared_buffers".to_owned(), "16MB".to_owned())],
        ..EmbeddedOptions::new(tmp.path().join("data"))
    }
}

pub async fn execute(url: &str, sql: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub async fn text(url: &str, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let value = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    value
}

/// Waits until the server runs again after `kills` deaths.
pub async fn back_after(server: &EmbeddedPostgres, kills: u64) {
    let mut state = server.state();
    let running =
        |state: &ServerState| matches!(state, ServerState::Running { .. }) && server.restarts() >= kills;
    tokio::time::timeout(Duration::from_mins(1), state.wait_for(running))
        .await
        .expect("back within a minute")
        .unwrap();
}

pub fn kill(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// A process that ended but was not yet collected by init is not alive.
pub fn is_alive(pid: u32) -> bool {
    let running =
        std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| !stat.contains(") Z "));
    let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    running && rustix::process::test_kill_process(pid).is_ok()
}
