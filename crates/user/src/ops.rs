//! The use cases, one a file; only they begin and commit.

pub(crate) mod attempts;
pub(crate) mod authenticate;
pub(crate) mod change_password;
pub(crate) mod change_user;
pub(crate) mod clean_up;
pub(crate) mod create_user;
pub(crate) mod first_start;
pub(crate) mod log_in;
pub(crate) mod log_out;
pub(crate) mod make_key;
pub(crate) mod read;
pub(crate) mod revoke_key;
