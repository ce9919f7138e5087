//! Files that the documents name are there.
#![allow(clippy::unwrap_used, reason = "what the tests share panics like the tests")]

use std::path::{Path, PathBuf};

/// Where the project's own files are, as seen from its root.
const FOLDERS: [&str; 6] = ["bench", "crates", "deploy", "dev", "docs", "e2e"];
/// What is a file's name in a document, in place of a word of the code.
const ENDS: [&str; 5] = [".md", ".py", ".rs", ".sql", ".toml"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every file and folder of the project, as seen from its root.
fn files() -> Vec<String> {
    let root = root();
    let entries = std::fs::read_dir(&root).unwrap();
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_file());
    let mut folders = FOLDERS.map(|name| root.join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            // What tools leave behind is no part of the project.
            if entry.file_name().to_string_lossy().starts_with(['.', '_']) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
        found.push(folder);
    }
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    found.iter().map(relative).collect()
}

/// What stands between backquotes, on one line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The targets of links to files of this project.
fn linked(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.filter_map(|target| target.split('#').next());
    files.filter(|target| !target.is_empty() && !target.starts_with("http"))
}

/// Whether `name` tells a file: whole from the root, or its end where the text around it says in which crate it is.
fn is_there(name: &str, files: &[String]) -> bool {
    let name = name.trim_end_matches('/');
    let end = format!("/{name}");
    files.iter().any(|file| file == name || file.ends_with(&end))
}

/// Whether what a document quotes is meant as a file: it ends like one, or begins in a folder of the project.
fn is_file(name: &str) -> bool {
    let is_path = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte));
    let begins = FOLDERS.iter().any(|folder| {
        name.strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    });
    // `VERSION` and its like stand for any name.
    let stands_for_any = name
        .split('/')
        .any(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase()));
    is_path && !stands_for_any && (begins || ENDS.iter().any(|end| name.ends_with(end)))
}

#[test]
fn what_documents_name_is_there() {
    let files = files();
    let mut named = 0;
    let is_document = |file: &&String| Path::new(file).extension().is_some_and(|end| end == "md");
    for document in files.iter().filter(is_document) {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        for name in quoted(&text).filter(|name| is_file(name)) {
            named += 1;
            assert!(
                is_there(name, &files),
                "{document} names {name}, which is not there"
            );
        }
        for target in linked(&text) {
            let folder = root().join(document).parent().unwrap().to_owned();
            assert!(
                folder.join(target).exists(),
                "{document} links to {target}, which is not there"
            );
        }
    }
    assert!(named > 100, "only {named} names of files were found");
}
