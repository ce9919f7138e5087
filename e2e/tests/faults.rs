//! The planted faults of `e2e/faults` fit the source as it is now. That the tests see them, `e2e/faults/run` shows.
#![allow(clippy::similar_names, reason = "a test and a text are what this is about")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The patches, in the order of their names.
fn patches() -> Result<Vec<PathBuf>> {
    let mut patches = Vec::new();
    for entry in fs::read_dir(root().join("e2e/faults"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "patch") {
            patches.push(path);
        }
    }
    patches.sort();
    Ok(patches)
}

#[test]
fn every_fault_still_applies() -> Result<()> {
    // An unpacked archive has no history, and a slim machine no git.
    if !root().join(".git").exists() || Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: this is no git checkout");
        return Ok(());
    }
    let patches = patches()?;
    ensure!(patches.len() >= 10, "there are {} faults", patches.len());
    let mut stale = Vec::new();
    for patch in &patches {
        let check = Command::new("git")
            .current_dir(root())
            .args(["apply", "--check"])
            .arg(fs::canonicalize(patch)?)
            .output()?;
        if !check.status.success() {
            stale.push(format!(
                "{}: {}",
                patch.display(),
                String::from_utf8_lossy(&check.stderr)
            ));
        }
    }
    ensure!(
        stale.is_empty(),
        "mend these, the source has changed:\n{}",
        stale.join("\n")
    );
    Ok(())
}

#[test]
fn every_fault_says_what_it_is_and_names_a_test_that_exists() -> Result<()> {
    for patch in patches()? {
        let text = fs::read_to_string(&patch)?;
        let wrong = || format!("the first lines of {}", patch.display());
        let line = |start: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(start))
                .with_context(wrong)
        };
        ensure!(
            line("# Fault: ")?.ends_with('.'),
            "{} does not say its fault",
            patch.display()
        );
        let command = line("# Red: cargo test -p ")?;
        let (program, test) = command.split_once(" -- ").with_context(wrong)?;
        let package = program.split(' ').next().with_context(wrong)?;
        let (modules, name) = test.rsplit_once("::").unwrap_or(("", test));
        let definition = format!("fn {name}(");
        let own = file_with(&root().join("crates").join(package), &definition)?;
        // The rules of a suite that several crates run stand where it does.
        let shared = file_with(&root().join("crates/testkit/src"), &definition)?;
        let file = own
            .or(shared)
            .with_context(|| format!("{}: {package} has no test {name}", patch.display()))?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let is_there = if modules.is_empty() {
            program.ends_with(&format!("--test {stem}"))
        } else {
            // The tests of `pricing.rs` may stand in `pricing_tests.rs`.
            modules.replace("::", "_").ends_with(&*stem)
        };
        ensure!(
            is_there,
            "{}: {name} stands in {}, and {modules:?} is not its module",
            patch.display(),
            file.display()
        );
    }
    Ok(())
}

/// The Rust file below `folder` that contains `text`.
fn file_with(folder: &Path, text: &str) -> Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if let Some(found) = file_with(&path, text)? {
                return Ok(Some(found));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && fs::read_to_string(&path)?.contains(text)
        {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
