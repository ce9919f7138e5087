//! What the user service tells.

use ids::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Event;
use crate::Role;
use crate::topics::{self, Topic};

/// A user was made or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserChanged {
    /// The user.
    pub user_id: UserId,
    /// The name to log in with.
    pub login: String,
    /// What the user may do.
    pub roles: Vec<Role>,
    /// False: may not log in any more.
    pub active: bool,
    /// Counts its changes from 1.
    pub version: i32,
}

impl Event for UserChanged {
    const TOPIC: Topic = topics::USER_CHANGED;
    fn aggregate(&self) -> String {
        self.user_id.to_string()
    }
}
