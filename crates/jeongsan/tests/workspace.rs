//! Rules of the whole workspace: licences, dependencies, who may know whom.
#![allow(clippy::unwrap_used, reason = "what the tests share panics like the tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Services know `contracts` and each other not at all.
const SERVICES: [&str; 9] = [
    "accounting",
    "gateway",
    "notification",
    "partner",
    "payment",
    "reporting",
    "settlement",
    "simulator",
    "user",
];

/// Values without a clock, a database or a network.
const PURE: [&str; 3] = ["money", "ids", "calendar"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn toml(path: &Path) -> toml::Table {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// `cargo metadata` of what is built on this machine.
fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            host,
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The crates of this workspace, with their folder.
fn members() -> Vec<(String, PathBuf)> {
    let folders = std::fs::read_dir(root().join("crates")).unwrap();
    let mut members: Vec<_> = folders
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").exists())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    members.extend(["e2e", "bench"].map(|name| (name.to_owned(), root().join(name))));
    members.sort();
    members
}

/// The names in one table of dependencies of that crate.
fn dependencies(folder: &Path, table: &str) -> BTreeSet<String> {
    let manifest = toml(&folder.join("Cargo.toml"));
    let table = manifest.get(table).and_then(toml::Value::as_table);
    table
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

fn sources(folder: &Path) -> String {
    let mut text = String::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

/// Whether an SPDX expression can be fulfilled with `allowed` alone. `/` is an old way to write OR.
fn permits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let permitted = any_of(&mut rest, allowed);
    permitted && rest.is_empty()
}

fn any_of(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut permitted = all_of(words, allowed);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        permitted |= all_of(words, allowed);
    }
    permitted
}

fn all_of(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut permitted = one(words, allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        permitted &= one(words, allowed);
    }
    permitted
}

fn one(words: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let permitted = any_of(words, allowed);
            let [")", rest @ ..] = *words else { return false };
            *words = rest;
            permitted
        }
        [name, "WITH", exception, rest @ ..] => {
            *words = rest;
            allowed.contains(*name) || allowed.contains(&format!("{name} WITH {exception}"))
        }
        [name, rest @ ..] => {
            *words = rest;
            allowed.contains(*name)
        }
        [] => false,
    }
}

#[test]
fn a_licence_expression_is_read_as_spdx_means_it() {
    let allowed = BTreeSet::from(["MIT", "Apache-2.0"].map(str::to_owned));
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(MIT OR GPL-3.0) AND Apache-2.0", true),
        ("MIT AND (GPL-3.0 OR BSD-3-Clause)", false),
        ("GPL-3.0 AND BSD-3-Clause OR MIT", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT)", false),
        ("", false),
    ] {
        assert_eq!(permits(expression, &allowed), expected, "{expression:?}");
    }
}

#[test]
fn every_licence_is_one_that_may_be_shipped() {
    let deny = toml(&root().join("deny.toml"));
    let allowed = deny.get("licenses").and_then(|table| table.get("allow")).unwrap();
    let allowed = allowed
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    let metadata = metadata();
    let packages = metadata.get("packages").and_then(Value::as_array).unwrap();
    assert!(packages.len() > 100, "all packages are looked at");
    let text = |package: &Value, name: &str| {
        package
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let refused: Vec<_> = packages
        .iter()
        .filter(|package| !permits(&text(package, "license"), &allowed))
        .map(|package| format!("{} {:?}", text(package, "name"), text(package, "license")))
        .collect();
    assert!(refused.is_empty(), "not in deny.toml: {refused:?}");
    let foreign: Vec<_> = packages
        .iter()
        .map(|package| text(package, "source"))
        .filter(|source| !source.is_empty() && !source.starts_with("registry+"))
        .collect();
    assert!(foreign.is_empty(), "not from a registry: {foreign:?}");
}

#[test]
fn every_dependency_is_used() {
    let mut unused = Vec::new();
    for (name, folder) in members() {
        let code = sources(&folder.join("src"));
        let tests: String = ["tests", "examples", "benches"]
            .map(|part| sources(&folder.join(part)))
            .concat();
        let uses = |text: &str, dependency: &str| {
            let word = dependency.replace('-', "_");
            let ends = |c: char| !(c.is_alphanumeric() || c == '_');
            text.match_indices(&word).any(|(at, _)| {
                let before = text.get(..at).and_then(|text| text.chars().next_back());
                let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
                before.is_none_or(ends) && after.is_none_or(ends)
            })
        };
        for (table, text) in [
            ("dependencies", &code),
            ("dev-dependencies", &(code.clone() + &tests)),
        ] {
            let unknown = dependencies(&folder, table)
                .into_iter()
                .filter(|dependency| !uses(text, dependency));
            unused.extend(unknown.map(|dependency| format!("{name}: {dependency}")));
        }
    }
    assert!(unused.is_empty(), "named in Cargo.toml and not used: {unused:#?}");
}

#[test]
fn services_know_contracts_and_never_each_other() {
    for (name, folder) in members() {
        let known = dependencies(&folder, "dependencies");
        if SERVICES.contains(&name.as_str()) {
            let others: Vec<_> = SERVICES.iter().filter(|other| known.contains(**other)).collect();
            assert!(others.is_empty(), "{name} knows {others:?}");
        }
        if PURE.contains(&name.as_str()) {
            for part in ["tokio", "sqlx", "axum", "postgres", "bus", "chassis", "contracts"] {
                assert!(!known.contains(part), "{name} is pure and knows {part}");
            }
        }
    }
}

#[test]
fn domains_have_no_async_no_sql_and_no_http() {
    let mut domains = 0;
    for (name, folder) in members() {
        let code = sources(&folder.join("src/domain"))
            + &std::fs::read_to_string(folder.join("src/domain.rs")).unwrap_or_default();
        domains += usize::from(!code.is_empty());
        for word in [
            "async ", ".await", "sqlx::", "axum::", "http::", "tokio::", "rand::", "Utc::now",
        ] {
            assert!(!code.contains(word), "the domain of {name} has {word}");
        }
    }
    assert!(domains >= 6, "only {domains} domains were found");
}

#[test]
fn versions_stand_in_one_place() {
    for (name, folder) in members() {
        let manifest = toml(&folder.join("Cargo.toml"));
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (dependency, value) in manifest
                .get(table)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
            {
                let shared = value.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(
                    shared,
                    Some(true),
                    "{name}: {dependency} has a version of its own"
                );
            }
        }
    }
}
