//! Rules and routes as clients see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{ConnectorName, Rule};
use crate::store::routes::RouteNote;
use crate::store::routing_tables::Written;

/// The rules that payments are routed by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoutingView {
    /// 1, 2, 3, ...; 0 while nobody has written any.
    pub version: i32,
    /// The first that matches a payment decides about it.
    pub rules: Vec<Rule>,
    /// Who wrote this version.
    pub created_by: Option<String>,
    /// When.
    pub created_at: Option<DateTime<Utc>>,
}

/// The way that was decided for a payment when it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RouteView {
    /// The version of the rules that decided; none where there were no rules yet.
    pub routing_version: Option<i32>,
    /// The place in it of the rule that decided, from 1; none where none matched.
    pub rule_number: Option<i32>,
    /// To whom it is offered, one after the other.
    pub connectors: Vec<ConnectorName>,
}

impl From<Written> for RoutingView {
    fn from(written: Written) -> Self {
        Self {
            version: written.table.version,
            rules: written.table.rules,
            created_by: Some(written.created_by),
            created_at: Some(written.created_at),
        }
    }
}

impl From<RouteNote> for RouteView {
    fn from(note: RouteNote) -> Self {
        Self {
            routing_version: note.routing_version,
            rule_number: note.rule_number,
            connectors: note.connectors,
        }
    }
}
