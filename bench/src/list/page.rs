//! A page as far as it is checked.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::cases::{Case, Filter, Order};

/// A page of payments.
#[derive(Deserialize)]
pub struct Page {
    pub data: Vec<Payment>,
    pub next_cursor: Option<String>,
}

/// A payment of a list.
#[derive(Deserialize)]
pub struct Payment {
    /// Sorts as the identifiers do.
    id: String,
    order_reference: String,
    status: String,
    currency: String,
    amount_minor: i64,
    created_at: DateTime<Utc>,
    tenders: Vec<Tender>,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Tender {
    payment_method: Option<Method>,
}

#[derive(Deserialize)]
struct Method {
    last_four: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    partner_id: String,
}

impl Payment {
    fn holds(&self, filter: &Filter) -> bool {
        match filter {
            Filter::Status(status) => self.status == *status,
            Filter::Reference(reference) => self.order_reference == *reference,
            Filter::Partner(partner) => {
                let partner = partner.to_string();
                self.lines.iter().any(|line| line.partner_id == partner)
            }
            Filter::LastFour(digits) => {
                let methods = self.tenders.iter().flat_map(|tender| &tender.payment_method);
                methods
                    .into_iter()
                    .any(|method| method.last_four.as_deref() == Some(digits))
            }
            Filter::Currency(code) => self.currency == *code,
            Filter::AmountFrom(minor) => self.amount_minor >= *minor,
            Filter::AmountTo(minor) => self.amount_minor <= *minor,
            Filter::From(at) => self.created_at >= *at,
            Filter::To(at) => self.created_at < *at,
        }
    }

    /// Whether this one comes after that one, and is another one: along a walk in strict order nothing comes twice.
    fn follows(&self, before: &Self, order: Order) -> bool {
        match order {
            Order::Newest => self.id < before.id,
            Order::Oldest => self.id > before.id,
            Order::Largest => (self.amount_minor, &self.id) < (before.amount_minor, &before.id),
            Order::Smallest => (self.amount_minor, &self.id) > (before.amount_minor, &before.id),
        }
    }
}

impl Page {
    /// Reads a page of that list; an error unless the filter holds for all of it, and all is in order, after `before`.
    pub fn read(body: &[u8], case: &Case, before: Option<&Payment>) -> Result<Self> {
        let page: Self = serde_json::from_slice(body)
            .with_context(|| format!("not a page: {}", String::from_utf8_lossy(body)))?;
        let mut last = before;
        for payment in &page.data {
            if let Some(before) = last {
                ensure!(
                    payment.follows(before, case.order),
                    "{} stands after {}",
                    payment.id,
                    before.id
                );
            }
            last = Some(payment);
        }
        for payment in &page.data {
            for filter in &case.filters {
                ensure!(payment.holds(filter), "{} is not {filter:?}", payment.id);
            }
        }
        Ok(page)
    }
}
