//! The life of a payment: everything that may be asked of it, everything that the network may do to it, and where a
//! process may die on the way.

mod asynchronous;
mod buyer;
mod captures;
mod course;
mod crashes;
mod expiry;
mod external;
mod increments;
mod refunds;
mod resolve;
mod tenders;
mod timeline;
mod unknown;
mod walk;
