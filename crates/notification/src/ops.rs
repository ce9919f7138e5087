//! What can be done with notifications, one use case a file.

mod mark_read;
mod read;
mod tell;

pub(crate) use mark_read::mark_read;
pub(crate) use read::notifications;
pub(crate) use tell::{Fact, tell};
