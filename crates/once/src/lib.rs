//! Idempotency keys: the same request is done once, and answered alike.
//!
//! Where no outside call is needed, a request's key, effect and answer are one transaction: [`claim`] and
//! [`answer`] in the same unit of work. Where one is needed there are three steps: a first transaction claims the
//! key and writes the intent; the call; a second writes the outcome and the answer. Between them a lease tells a
//! live claim from a dead one, and a fence keeps the answer of a claim that was given up from overwriting that of
//! its successor.
//!
//! A statement that is a transaction of its own may insert into `once.keys` what nobody has used, with the answer and its
//! status, or without both for a claim, which is then [`Granted::first`]. The keys of one statement are inserted in the order
//! of their scopes, before whatever they stand for; where one was used before, `keys_pk` refuses the statement.

mod request;
mod store;

pub use request::{KeyedRequest, canonical};
pub use store::{
    Answer, Claim, Granted, answer, answer_many, claim, claim_many, give_up, purge, release, subject,
};

/// The table of this crate, made under the schema `once` in the database of every service that uses it.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
