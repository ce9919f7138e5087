//! The files are those of the code.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::files;

const REMEDY: &str =
    "run `cargo run -p contracts --example write_schemas`, look at what changed, and commit it";

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    for (path, value) in files::all() {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let committed: Value = serde_json::from_str(&text).unwrap_or_default();
        assert!(
            committed == value,
            "{} is not what the code says: {REMEDY}",
            path.display()
        );
    }
}

#[test]
fn nothing_lies_among_the_schemas_that_the_code_does_not_have() {
    let known: BTreeSet<_> = files::all().into_iter().map(|(path, _)| path).collect();
    for entry in fs::read_dir(files::folder()).unwrap() {
        let path = entry.unwrap().path();
        assert!(
            path.is_dir() || known.contains(&path),
            "{}: {REMEDY}",
            path.display()
        );
    }
}
