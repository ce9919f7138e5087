//! Who calls.

use serde::{Deserialize, Serialize};

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, users and keys included.
    Administrator,
    /// Payments, partners, contracts, settlements, books.
    Operator,
    /// Reads everything but users and keys.
    Auditor,
    /// One service calling another's internal routes.
    Service,
}

/// The caller of a request, as the gateway established it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Caller {
    /// `usr_...`, `key_...`, or `service:NAME`.
    pub id: String,
    /// What the caller may do.
    pub roles: Vec<Role>,
}

impl Caller {
    /// The service of that name, calling another.
    pub fn service(name: &str) -> Self {
        Self {
            id: format!("service:{name}"),
            roles: vec![Role::Service],
        }
    }

    /// Whether this is a service and not a person or a program from outside.
    pub fn is_service(&self) -> bool {
        self.roles.contains(&Role::Service)
    }

    /// Whether the caller may change payments, partners, contracts and settlements.
    pub fn may_operate(&self) -> bool {
        self.is_service()
            || self
                .roles
                .iter()
                .any(|r| matches!(r, Role::Administrator | Role::Operator))
    }

    /// Whether the caller may manage users and keys.
    pub fn may_administer(&self) -> bool {
        self.roles.contains(&Role::Administrator)
    }

    /// Whether the caller may read payments, settlements and books.
    pub fn may_read(&self) -> bool {
        !self.roles.is_empty()
    }
}
