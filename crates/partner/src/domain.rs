//! What partners and contracts are, and what may be said of them. No clock, no database, no HTTP.

mod commission;
mod contract;
mod fault;
mod partner;
mod terms;

pub(crate) use commission::{Commission, commissions};
pub(crate) use contract::{Contract, NewVersion, Version, follow};
pub(crate) use fault::Fault;
pub(crate) use partner::{
    NewPartner, Partner, PartnerChange, kind_text, kind_word, status_text, status_word,
};
