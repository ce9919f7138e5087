//! The tables, one file each; the only SQL.

pub(crate) mod api_keys;
pub(crate) mod login_attempts;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod user_roles;
pub(crate) mod users;
