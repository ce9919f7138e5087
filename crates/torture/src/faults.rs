//! The faults, as a table.

mod copies;
mod kafka;
mod postgres;
mod redis;

use crate::Fault;

/// All of them, in the order of the list.
pub fn all() -> impl Iterator<Item = &'static Fault> {
    let groups: [&'static [Fault]; 4] = [kafka::FAULTS, redis::FAULTS, postgres::FAULTS, copies::FAULTS];
    groups.into_iter().flatten()
}

/// The fault of that name.
pub fn named(name: &str) -> Option<&'static Fault> {
    all().find(|fault| fault.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_sentences_are_sentences() {
        let names: BTreeSet<_> = all().map(|fault| fault.name).collect();
        assert_eq!(names.len(), all().count());
        for fault in all() {
            assert!(fault.sentence.ends_with('.'), "{}", fault.name);
            assert!(fault.name.contains('/'), "{}", fault.name);
        }
    }

    #[test]
    fn a_shape_has_what_its_fault_touches() {
        for fault in all() {
            let (kind, _) = fault.name.split_once('/').unwrap();
            let fits = match kind {
                "kafka" | "kafka-zk" | "kraft" | "leader" => fault.shape.kafka.is_some(),
                "redis" => fault.shape.redis,
                "consumers" => fault.shape.doubled.len() > 1,
                _ => true,
            };
            assert!(fits, "{}", fault.name);
        }
    }
}
