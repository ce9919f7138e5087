//! Servers that a killed owner left behind. The owner is this test binary, run again as a child.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

#[allow(dead_code)]
mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use embedded::{EmbeddedOptions, EmbeddedPostgres};
use support::{data_folder, execute, is_alive, options, text};

const FOLDER: &str = "EMBEDDED_TEST_OWNER_OF";

/// Not a test of its own: the body of the owner process, which never stops its server.
#[tokio::test]
async fn owner_process() {
    let Some(data_dir) = std::env::var_os(FOLDER) else {
        return;
    };
    let server = EmbeddedPostgres::start(EmbeddedOptions {
        settings: vec![("shared_buffers".to_owned(), "16MB".to_owned())],
        ..EmbeddedOptions::new(data_dir)
    })
    .await
    .unwrap();
    println!("\nowned {} {}", server.pid(), server.admin_url());
    std::future::pending::<()>().await;
}

/// Starts an owner; returns it with its server's pid and URL.
fn owner(tmp: &tempfile::TempDir) -> (Child, u32, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "owner_process", "--nocapture"])
        .env(FOLDER, tmp.path().join("data"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let line = out
        .lines()
        .map(Result::unwrap)
        .find(|line| line.starts_with("owned "))
        .expect("the owner starts its server");
    let mut words = line.split(' ').skip(1);
    let pid = words.next().unwrap().parse().unwrap();
    (child, pid, words.next().unwrap().to_owned())
}

#[tokio::test]
async fn an_orphan_is_stopped_and_its_data_is_kept() {
    let tmp = data_folder();
    let (mut owner, orphan, url) = owner(&tmp);
    execute(&url, "create table kept (n int); insert into kept values (7)").await;
    // While the owner lives, its folder is its own.
    assert!(EmbeddedPostgres::start(options(&tmp)).await.is_err());
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert_eq!(text(&url, "select 'orphaned'").await, "orphaned");

    let server = EmbeddedPostgres::start(options(&tmp)).await.unwrap();
    assert_ne!(server.pid(), orphan);
    assert_eq!(server.admin_url(), url, "same port, same password");
    assert_eq!(text(&url, "select n::text from kept").await, "7");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_of_another_folder_is_never_touched() {
    let (theirs, ours) = (data_folder(), data_folder());
    let other = EmbeddedPostgres::start(options(&theirs)).await.unwrap();
    EmbeddedPostgres::start(options(&ours))
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
    // As after a reboot: our file names a process that is now somebody else's, once with his folder in it
    // and once with ours.
    let their_file = theirs.path().join("data/postgres/postmaster.pid");
    let our_cluster = ours.path().join("data/postgres");
    let with_theirs = fs::read_to_string(their_file).unwrap();
    let with_ours = with_theirs.replace(theirs.path().to_str().unwrap(), ours.path().to_str().unwrap());
    assert_ne!(with_theirs, with_ours);
    for text_of_file in [with_theirs, with_ours] {
        fs::write(our_cluster.join("postmaster.pid"), text_of_file).unwrap();
        let server = EmbeddedPostgres::start(options(&ours)).await.unwrap();
        assert!(is_alive(other.pid()));
        server.stop().await.unwrap();
    }
    assert_eq!(text(&other.admin_url(), "select 'untouched'").await, "untouched");
    assert_eq!(other.restarts(), 0);
    other.stop().await.unwrap();
}

#[test]
fn a_dropped_server_is_shut_down_and_its_folder_can_be_started_again() {
    let tmp = data_folder();
    for round in 0..2 {
        // The runtime goes with the server, so that nobody is left to wait for it.
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let server = EmbeddedPostgres::start(options(&tmp)).await.unwrap();
            if round == 0 {
                execute(&server.admin_url(), "create table kept (n int)").await;
            } else {
                let found = text(&server.admin_url(), "select to_regclass('kept')::text").await;
                assert_eq!(found, "kept");
                server.stop().await.unwrap();
            }
        });
    }
}
