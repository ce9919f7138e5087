//! The service on a real PostgreSQL.

mod disputes;
mod holds;
mod pricing;
mod races;
mod refunds;
mod routes;
mod settling;
mod waiting;
mod world;
