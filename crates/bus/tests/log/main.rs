//! The event log on a real PostgreSQL.

mod consuming;
mod dead_letters;
mod fixture;
mod publishing;
