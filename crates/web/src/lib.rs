//! HTTP as every service speaks it: problems, identifiers of requests, callers, lists.

mod body;
mod caller;
pub mod card_number;
mod cursor;
mod detached;
mod document;
mod idempotency_key;
mod problem;
mod refusing;
mod request;

pub use body::{BATCH_LIMIT, Body, EVIDENCE_LIMIT, Path, Query};
pub use caller::{Administrator, Operator, Reader, ServiceCaller};
pub use cursor::{Page, PageCursor, PageParams, page};
pub use detached::detach;
pub use document::{document_problems, words_schema};
pub use idempotency_key::IdempotencyKey;
pub use problem::{Code, FieldError, Problem};
pub use refusing::{refuse_card_numbers, refuse_card_numbers_around};
pub use request::{REQUEST_ID, RequestId, observe};
