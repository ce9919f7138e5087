//! Whether services of two versions can read each other's events: an old one what a new one writes, and a new one
//! what an old one wrote.
//!
//! Both ways at once leaves little: a property may be added that may be missing, and words for people may change.
//! A keyword that this does not know may not change at all.

mod incompatibility;
mod place;
mod walk;

use serde_json::Value;

pub use incompatibility::Incompatibility;

/// What keeps services that know `old` and services that know `new` from reading each other's events.
pub fn check(old: &Value, new: &Value) -> Vec<Incompatibility> {
    walk::Walk::of(old, new).found()
}
