//! The door: routing, authentication, limits.
