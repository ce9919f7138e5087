//! What the service does, one use case a file.

mod close_period;
mod measure_breaks;
mod post;

pub(crate) use close_period::close_period;
pub(crate) use measure_breaks::measure_breaks;
pub(crate) use post::{BOOK, Bookkeeper};
