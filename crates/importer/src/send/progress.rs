//! How far it has come, on standard error; nothing where that is no terminal.

use indicatif::{ProgressBar, ProgressStyle};

use super::Cargo;
use crate::totals::count;

/// A bar over partners, then over orders.
pub(crate) struct Progress {
    bar: ProgressBar,
    partners: u64,
    orders: u64,
}

impl Progress {
    pub(crate) fn new(cargo: &Cargo<'_>) -> Self {
        let bar = if cargo.progress {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{msg:9} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        Self {
            bar,
            partners: count(cargo.checked.sellers.len()),
            orders: count(cargo.checked.orders.len()),
        }
    }

    pub(crate) fn begin_partners(&self) {
        self.begin("partners", self.partners);
    }

    pub(crate) fn begin_orders(&self) {
        self.begin("orders", self.orders);
    }

    pub(crate) fn advance(&self, by: usize) {
        self.bar.inc(count(by));
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn begin(&self, what: &'static str, length: u64) {
        self.bar.set_message(what);
        self.bar.set_length(length);
        self.bar.reset();
    }
}
