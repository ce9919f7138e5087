//! What this binary can run.

use chassis::Service;

use crate::fault::Fault;

/// Every service, in the order in which they start: those that others ask come first, the door comes last.
pub(crate) fn all() -> Vec<Service> {
    vec![
        user::service(),
        partner::service(),
        payment::service(),
        settlement::service(),
        accounting::service(),
        notification::service(),
        reporting::service(),
        simulator::service(),
        gateway::service(),
    ]
}

/// What `jeongsan up` runs: every service, but in production no simulated card network.
pub(crate) fn up(is_production: bool) -> Vec<Service> {
    let mut services = all();
    services.retain(|service| !(is_production && service.name == "simulator"));
    services
}

/// The services of these names, in the order of their start; `all` is every one.
pub(crate) fn named(names: &[String]) -> Result<Vec<Service>, Fault> {
    let every = all();
    if let Some(unknown) = names
        .iter()
        .find(|name| *name != "all" && !every.iter().any(|service| service.name == name.as_str()))
    {
        let known: Vec<_> = every.iter().map(|service| service.name).collect();
        let known = known.join(", ");
        return Err(Fault::Usage(format!(
            "there is no service {unknown}; there are all, {known}"
        )));
    }
    let wanted = |service: &Service| names.iter().any(|name| name == "all" || name == service.name);
    Ok(every.into_iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_services_share_a_name_a_port_or_a_database() {
        let every = all();
        let names: BTreeSet<_> = every.iter().map(|service| service.name).collect();
        let ports: BTreeSet<_> = every.iter().map(|service| service.port).collect();
        let with_database: Vec<_> = every.iter().filter_map(|service| service.database).collect();
        let databases: BTreeSet<_> = with_database.iter().map(|database| database.spec.name).collect();
        let roles: BTreeSet<_> = with_database.iter().map(|database| database.spec.role).collect();
        assert_eq!((names.len(), ports.len()), (every.len(), every.len()));
        assert_eq!(
            (databases.len(), roles.len()),
            (with_database.len(), with_database.len())
        );
    }

    #[test]
    fn production_simulates_nothing() {
        let simulates = |services: &[Service]| services.iter().any(|service| service.name == "simulator");
        assert!(simulates(&up(false)));
        assert!(!simulates(&up(true)));
        assert_eq!(up(true).len() + 1, all().len());
    }

    #[test]
    fn services_start_in_their_order_whatever_was_typed() {
        let typed = ["gateway", "user"].map(str::to_owned);
        let names: Vec<_> = named(&typed)
            .unwrap()
            .iter()
            .map(|service| service.name)
            .collect();
        assert_eq!(names, ["user", "gateway"]);
        assert_eq!(named(&["all".to_owned()]).unwrap().len(), all().len());
        assert!(named(&["usr".to_owned()]).is_err());
    }
}
