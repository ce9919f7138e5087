//! The download, run for real where `JEONGSAN_TEST_DOWNLOAD=1` allows the network.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

#[allow(dead_code)]
mod support;

use embedded::{EmbeddedError, EmbeddedOptions, EmbeddedPostgres};
use support::{back_after, data_folder, execute, kill, options, text};

#[tokio::test]
async fn the_downloaded_server_runs_and_its_folder_is_not_opened_by_another_version() {
    if std::env::var("JEONGSAN_TEST_DOWNLOAD").as_deref() != Ok("1") {
        return;
    }
    let tmp = data_folder();
    let download = EmbeddedOptions {
        prefer_download: true,
        cache_dir: Some(tmp.path().join("cache")),
        ..options(&tmp)
    };
    // Two owners of two folders that want the same download at the same time.
    let neighbour = EmbeddedOptions {
        data_dir: tmp.path().join("neighbour"),
        ..download.clone()
    };
    let (server, other) = tokio::join!(
        EmbeddedPostgres::start(download.clone()),
        EmbeddedPostgres::start(neighbour)
    );
    let (server, other) = (server.unwrap(), other.unwrap());
    assert_eq!(server.origin(), "downloaded 18.4.0");
    assert_eq!(server.version(), "18.4");
    other.stop().await.unwrap();
    let url = server.admin_url();
    execute(&url, "create table kept (n int)").await;
    kill(server.pid(), rustix::process::Signal::KILL);
    back_after(&server, 1).await;
    assert_eq!(text(&url, "select to_regclass('kept')::text").await, "kept");
    assert_eq!(text(&url, "show data_checksums").await, "on");
    server.stop().await.unwrap();

    // The folder decides: an installed 15 is passed over for it, by itself or refused if it is all there is.
    let again = EmbeddedPostgres::start(EmbeddedOptions {
        prefer_download: false,
        ..download.clone()
    })
    .await
    .unwrap();
    assert!(again.version().starts_with("18"), "{}", again.version());
    again.stop().await.unwrap();
    if std::path::Path::new("/usr/lib/postgresql/15/bin").exists() {
        let error = EmbeddedPostgres::start(EmbeddedOptions {
            bin_dir: Some("/usr/lib/postgresql/15/bin".into()),
            ..download
        })
        .await
        .unwrap_err();
        assert!(
            matches!(error, EmbeddedError::VersionMismatch { .. }),
            "{error:?}"
        );
    }
}
