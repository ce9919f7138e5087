//! No released version of a service is left without events that it can read, or with events that nobody reads.

use std::fs;
use std::path::{Path, PathBuf};

use contracts::{Topic, schemas};
use serde_json::Value;

use crate::check::check;
use crate::files;

/// Each release and the folder of its schemas.
fn releases() -> Vec<(String, PathBuf)> {
    let folders = fs::read_dir(files::folder().join("released")).unwrap();
    let mut releases: Vec<_> = folders
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    releases.sort();
    releases
}

/// The message and the version of its form, from a file such as `payment-completed.v1.json`.
fn named(path: &Path) -> (String, u16) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let stem = name.strip_suffix(".json").unwrap();
    let (message, version) = stem.rsplit_once(".v").unwrap();
    (message.to_owned(), version.parse().unwrap())
}

/// What the code says now of that message, and in which version.
fn now(message: &str) -> Option<(Value, u16)> {
    if message == "watermark" {
        return Some((schemas::of_watermark(), 1));
    }
    let topic = Topic::named(message)?;
    Some((schemas::of(topic)?, topic.schema_version))
}

#[test]
fn what_a_released_version_speaks_is_still_understood_and_understands_us() {
    let mut refused = Vec::new();
    for (release, folder) in releases() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let (message, version) = named(&path);
            let Some((schema, current)) = now(&message) else {
                refused.push(format!(
                    "{message} of {release} is gone: services of that release listen to it"
                ));
                continue;
            };
            if current < version {
                refused.push(format!(
                    "{message} has version {current}, and {release} has {version} already"
                ));
            }
            if current == version {
                let old: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
                let found = check(&old, &schema);
                refused.extend(
                    found
                        .iter()
                        .map(|one| format!("{message} against {release}: {one}")),
                );
            }
        }
    }
    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
}

#[test]
fn every_release_has_its_schemas() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/releases.md");
    let table = fs::read_to_string(table).unwrap();
    let listed: Vec<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" |"))
        .map(|(version, _)| version.trim().to_owned())
        .filter(|version| version.starts_with(|first: char| first.is_ascii_digit()))
        .collect();
    let kept: Vec<_> = releases().into_iter().map(|(release, _)| release).collect();
    assert!(!listed.is_empty());
    for release in listed {
        assert!(
            kept.contains(&release),
            "copy the schemas of {release} as they were at its commit to crates/contracts/schemas/released/{release}"
        );
    }
}

#[test]
fn no_release_has_an_empty_folder() {
    for (release, folder) in releases() {
        assert!(fs::read_dir(folder).unwrap().count() > 0, "{release}");
    }
}
