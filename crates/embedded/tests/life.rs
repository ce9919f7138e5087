//! Starting, stopping and dying, on real servers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

#[allow(dead_code)]
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use embedded::{EmbeddedError, EmbeddedOptions, EmbeddedPostgres, ServerState};
use rustix::process::Signal;
use sqlx::{Connection, PgConnection};
use support::{back_after, data_folder, execute, is_alive, kill, options, text};

#[tokio::test]
async fn data_password_and_port_outlive_a_stop() {
    let tmp = data_folder();
    let first = EmbeddedPostgres::start(options(&tmp)).await.unwrap();
    assert!(first.port() < 32_768);
    let (url, pid) = (first.admin_url(), first.pid());
    execute(&url, "create table kept (n int); insert into kept values (7)").await;
    for (setting, expected) in [
        ("show fsync", "on"),
        ("show synchronous_commit", "on"),
        ("show full_page_writes", "on"),
        ("show data_checksums", "on"),
        ("show listen_addresses", "127.0.0.1"),
        ("show unix_socket_directories", ""),
        ("show lc_collate", "C"),
        ("show server_encoding", "UTF8"),
        ("show shared_buffers", "16MB"),
    ] {
        // Version 16 dropped the setting lc_collate; the database knows.
        let setting = if setting == "show lc_collate" {
            "select datcollate::text from pg_database where datname = current_database()"
        } else {
            setting
        };
        assert_eq!(text(&url, setting).await, expected, "{setting}");
    }
    let mut state = first.state();
    first.stop().await.unwrap();
    assert_eq!(*state.borrow_and_update(), ServerState::Stopped);
    assert!(!is_alive(pid));

    let second = EmbeddedPostgres::start(options(&tmp)).await.unwrap();
    assert_eq!(second.admin_url(), url);
    assert_eq!(text(&url, "select n::text from kept").await, "7");
    assert_eq!(second.restarts(), 0);
    second.stop().await.unwrap();

    let secret = fs::metadata(tmp.path().join("data/postgres.password")).unwrap();
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let tmp = data_folder();
    let server = EmbeddedPostgres::start(options(&tmp)).await.unwrap();
    let wrong = server.url("postgres", "postgres", "wrong");
    assert!(PgConnection::connect(&wrong).await.is_err());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_comes_back_with_everything_that_was_committed() {
    let tmp = data_folder();
    let server = EmbeddedPostgres::start(options(&tmp)).await.unwrap();
    let url = server.admin_url();
    execute(&url, "create table kept (n int)").await;
    // A session that is busy does not notice the postmaster's death, and holds its shared memory.
    let mut busy = PgConnection::connect(&url).await.unwrap();
    let backend: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut busy)
        .await
        .unwrap();
    let work = tokio::spawn(async move {
        sqlx::query("select count(*) from generate_series(1, 100000000000) n")
            .execute(&mut busy)
            .await
    });
    for kills in 1..=2 {
        execute(&url, "insert into kept values (1)").await;
        let before = server.pid();
        kill(before, Signal::KILL);
        back_after(&server, kills).await;
        assert_ne!(server.pid(), before);
        assert_eq!(server.restarts(), kills);
        let count = text(&url, "select count(*)::text from kept").await;
        assert_eq!(count, kills.to_string());
    }
    assert!(work.await.unwrap().is_err());
    assert!(!is_alive(backend.try_into().unwrap()));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_owner_is_refused_and_told_who_the_first_is() {
    let tmp = data_folder();
    let first = EmbeddedPostgres::start(options(&tmp)).await.unwrap();
    let error = EmbeddedPostgres::start(options(&tmp)).await.unwrap_err();
    let EmbeddedError::FolderInUse { owner, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*owner, std::process::id().to_string());
    // The first goes on undisturbed, and makes room when it stops.
    assert_eq!(text(&first.admin_url(), "select 'alive'").await, "alive");
    first.stop().await.unwrap();
    let second = EmbeddedPostgres::start(options(&tmp)).await.unwrap();
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_data_folder_of_another_major_version_is_refused() {
    let tmp = data_folder();
    let cluster = tmp.path().join("data/postgres");
    fs::create_dir_all(&cluster).unwrap();
    fs::write(cluster.join("PG_VERSION"), "9\n").unwrap();
    let error = EmbeddedPostgres::start(options(&tmp)).await.unwrap_err();
    assert!(
        matches!(&error, EmbeddedError::VersionMismatch { major, .. } if major == "9"),
        "{error:?}"
    );
    assert!(error.to_string().contains("apt-get install postgresql-9"));
    assert_eq!(fs::read_dir(&cluster).unwrap().count(), 1, "nothing was touched");
}

#[tokio::test]
async fn a_cluster_without_its_password_is_not_given_a_new_one() {
    let tmp = data_folder();
    EmbeddedPostgres::start(options(&tmp))
        .await
        .unwrap()
        .stop()
        .await
        .unwrap();
    fs::remove_file(tmp.path().join("data/postgres.password")).unwrap();
    let error = EmbeddedPostgres::start(options(&tmp)).await.unwrap_err();
    assert!(
        matches!(error, EmbeddedError::PasswordMissing { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_interrupted_initdb_is_begun_anew() {
    let tmp = data_folder();
    let half = tmp.path().join("data/postgres.unfinished/data");
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    let server = EmbeddedPostgres::start(options(&tmp)).await.unwrap();
    assert_eq!(text(&server.admin_url(), "select 'whole'").await, "whole");
    assert!(!half.exists());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_says_what_its_log_says() {
    let tmp = data_folder();
    let wrong = EmbeddedOptions {
        settings: vec![("max_connections".to_owned(), "many".to_owned())],
        ..options(&tmp)
    };
    let error = EmbeddedPostgres::start(wrong).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::DiedEarly { .. }), "{error:?}");
    assert!(error.to_string().contains("max_connections"), "{error}");
}

#[tokio::test]
async fn as_root_a_closed_folder_above_is_named() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let tmp = data_folder();
    let closed = tmp.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let error = EmbeddedPostgres::start(EmbeddedOptions::new(closed.join("data")))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, EmbeddedError::FolderClosed { folder, .. } if *folder == closed.canonicalize().unwrap()),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_folder_without_a_server_is_refused() {
    let tmp = data_folder();
    let chosen = EmbeddedOptions {
        bin_dir: Some(tmp.path().to_owned()),
        ..options(&tmp)
    };
    let error = EmbeddedPostgres::start(chosen).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::NoServer { .. }), "{error:?}");
    assert!(!Path::new(&tmp.path().join("data/postgres")).exists());
}
