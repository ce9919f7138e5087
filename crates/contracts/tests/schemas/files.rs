//! The files that are made from the code: what is in each, and where it lies.

use std::path::{Path, PathBuf};

use contracts::{asyncapi, schemas, topics};
use serde_json::Value;

/// Where the schemas lie.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// Every file with what the code says.
pub fn all() -> Vec<(PathBuf, Value)> {
    let of_topics = topics::ALL.iter().map(|topic| {
        let name = format!("{}.v{}.json", topic.name, topic.schema_version);
        (folder().join(name), schemas::of(*topic).unwrap_or_default())
    });
    let asyncapi_at = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/asyncapi.json");
    of_topics
        .chain([
            (folder().join("watermark.v1.json"), schemas::of_watermark()),
            (asyncapi_at, asyncapi()),
        ])
        .collect()
}
