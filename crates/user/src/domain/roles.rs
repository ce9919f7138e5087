//! Roles as tables hold them and as callers may be given them.

use contracts::Role;

/// The text of a role in the tables; none for `service`, which nobody is given.
pub(crate) fn to_text(role: Role) -> Option<&'static str> {
    match role {
        Role::Administrator => Some("administrator"),
        Role::Operator => Some("operator"),
        Role::Auditor => Some("auditor"),
        Role::Service => None,
    }
}

/// The role of a text in the tables. An unknown text, of a newer version, gives no right.
pub(crate) fn from_text(text: &str) -> Option<Role> {
    match text {
        "administrator" => Some(Role::Administrator),
        "operator" => Some(Role::Operator),
        "auditor" => Some(Role::Auditor),
        _ => None,
    }
}

/// The roles of texts in the tables.
pub(crate) fn from_texts(texts: &[String]) -> Vec<Role> {
    texts.iter().filter_map(|text| from_text(text)).collect()
}

/// Roles that someone may be given: at least one, each once, in one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted(Vec<&'static str>);

impl Granted {
    /// Checks wanted roles; the error says the remedy.
    pub(crate) fn of(wanted: &[Role]) -> Result<Self, &'static str> {
        if wanted.is_empty() {
            return Err("give at least one of administrator, operator, auditor");
        }
        let texts: Option<Vec<_>> = wanted.iter().copied().map(to_text).collect();
        let mut texts = texts.ok_or("service can't be given; use administrator, operator or auditor")?;
        texts.sort_unstable();
        texts.dedup();
        Ok(Self(texts))
    }

    /// The role administrator alone.
    pub(crate) fn administrator() -> Self {
        Self(vec!["administrator"])
    }

    /// As the tables hold them.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(|text| (*text).to_owned()).collect()
    }

    /// As events and callers hold them.
    pub(crate) fn roles(&self) -> Vec<Role> {
        self.0.iter().filter_map(|text| from_text(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_given_once_and_service_never() {
        use Role::{Administrator, Auditor, Operator, Service};
        for (wanted, granted) in [
            (vec![], None),
            (vec![Service], None),
            (vec![Operator, Service], None),
            (vec![Operator, Operator], Some(vec![Operator])),
            (vec![Auditor, Administrator], Some(vec![Administrator, Auditor])),
        ] {
            assert_eq!(
                Granted::of(&wanted).ok().map(|g| g.roles()),
                granted,
                "{wanted:?}"
            );
        }
    }

    #[test]
    fn a_role_that_is_not_known_gives_no_right() {
        assert_eq!(from_texts(&["service".into(), "root".into()]), vec![]);
    }
}
