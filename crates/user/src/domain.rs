//! The rules, free of time, chance and storage.

pub(crate) mod backoff;
pub(crate) mod credential;
pub(crate) mod expiry;
pub(crate) mod login;
pub(crate) mod password;
pub(crate) mod roles;
