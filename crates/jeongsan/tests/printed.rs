//! What the binary prints without a platform.
#![allow(clippy::unwrap_used, reason = "a test reports a fault by panicking")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[test]
fn the_document_of_events_is_the_committed_one_whatever_the_settings() {
    let printed = Command::new(env!("CARGO_BIN_EXE_jeongsan"))
        .args(["events", "asyncapi", "--config", "/nowhere/jeongsan.toml"])
        .output()
        .unwrap();
    assert!(
        printed.status.success(),
        "{}",
        String::from_utf8_lossy(&printed.stderr)
    );
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/asyncapi.json");
    let committed: Value = serde_json::from_slice(&std::fs::read(committed).unwrap()).unwrap();
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert!(
        printed == committed,
        "cargo run -p contracts --example write_schemas"
    );
}

#[test]
fn every_example_file_of_settings_is_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    let files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let shown = Command::new(env!("CARGO_BIN_EXE_jeongsan"))
            .args(["config", "show", "--config"])
            .arg(&file)
            .output()
            .unwrap();
        let says = String::from_utf8_lossy(&shown.stderr);
        assert!(shown.status.success(), "{}: {says}", file.display());
    }
}

#[test]
fn a_number_of_threads_that_is_none_is_refused_by_name() {
    for (threads, code) in [("0", 3), ("3", 0)] {
        let shown = Command::new(env!("CARGO_BIN_EXE_jeongsan"))
            .args(["config", "show", "--config"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/development.toml"))
            .env("TOKIO_WORKER_THREADS", threads)
            .output()
            .unwrap();
        let says = String::from_utf8_lossy(&shown.stderr);
        assert_eq!(shown.status.code(), Some(code), "{threads:?}: {says}");
        assert_eq!(says.contains("TOKIO_WORKER_THREADS is"), code == 3, "{says}");
    }
}
