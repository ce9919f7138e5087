//! What makes a payment that a client asks for acceptable.

use axum::http::Uri;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use contracts::events::PaidLine;
use web::{Code, FieldError};

use super::request::{LineRequest, PaymentRequest, TenderRequest};
use super::terms;
use crate::connectors::Live;
use crate::domain::amounts::{AmountFault, LARGEST_MINOR, LineAmounts, MOST_LINES, line_amounts, total};
use crate::domain::{Capture, ConnectorName, Means, Order, Token};

const TENDERS: usize = 20;
const DISCOUNTS: usize = 20;
const REFERENCE: usize = 64;
const CATEGORY: usize = 64;
const TOKEN: usize = 255;
const RETURN_URL: usize = 2_048;
const OR_MORE: &str = "give 0 or more";
/// A clock elsewhere may be ahead of ours by this much.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
/// 2000-01-01T00:00:00Z in seconds since 1970: what is older is a mistake.
const OLDEST_SALE_S: i64 = 946_684_800;

/// Collects what is wrong.
#[derive(Default)]
pub(super) struct Check {
    pub(super) faults: Vec<FieldError>,
}

impl Check {
    pub(super) fn fault(&mut self, pointer: impl Into<String>, code: Code, detail: impl Into<String>) {
        self.faults.push(FieldError {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        });
    }

    pub(super) fn require(&mut self, holds: bool, pointer: impl Into<String>, detail: impl Into<String>) {
        if !holds {
            self.fault(pointer, Code::InvalidField, detail);
        }
    }

    fn amount(&mut self, least: i64, amount_minor: i64, pointer: &str, remedy: &str) {
        self.require(amount_minor >= least, pointer, remedy);
        if amount_minor > LARGEST_MINOR {
            let detail = format!("give at most {LARGEST_MINOR} minor units");
            self.fault(pointer, Code::InvalidField, detail);
        }
    }

    /// The sum of `amounts`, which is a total of the payment.
    fn sum(&mut self, pointer: &str, what: &str, mut amounts: impl Iterator<Item = i64> + Clone) -> i64 {
        let sum = total(amounts.clone()).filter(|sum| *sum <= LARGEST_MINOR);
        // One that exceeds it alone was named already.
        let is_named = amounts.any(|amount| amount > LARGEST_MINOR);
        let detail = format!("{what} exceed {LARGEST_MINOR} minor units together: split the payment");
        self.require(sum.is_some() || is_named, pointer, detail);
        sum.unwrap_or_default()
    }

    /// The order; of use only where nothing was found wrong.
    pub(super) fn order(&mut self, request: PaymentRequest, now: DateTime<Utc>, live: Live) -> Order {
        let is_external = request.connector == Some(ConnectorName::External);
        let length = request.order_reference.chars().count();
        let plain = !request.order_reference.contains(char::is_control);
        self.require(
            (1..=REFERENCE).contains(&length) && plain,
            "/order_reference",
            "give 1 to 64 characters, none of them a control character",
        );
        if let Some(connector) = request.connector {
            self.require(
                is_external || live.is_live(connector),
                "/connector",
                terms::not_live(connector),
            );
        }
        self.require(
            !is_external || request.capture == Capture::Automatic,
            "/capture",
            "an external payment was captured already: leave this out",
        );
        self.sold_at(request.sold_at, is_external, now);
        let (lines, amounts) = self.lines(request.lines);
        let ranks = self.refund_ranks(&request.refund_order, request.tenders.len());
        self.return_url(request.return_url.as_deref(), is_external);
        if request.connector == Some(ConnectorName::Stripe) {
            self.of_stripe(&request.tenders, request.currency);
        }
        let means = self.means(request.tenders, &ranks, request.connector);
        let amount_minor = self.sum("/tenders", "the tenders", means.iter().map(|m| m.amount_minor));
        let owed_minor = total(amounts.iter().map(|a| a.owed)).unwrap_or_default();
        if self.faults.is_empty() && !is_external && owed_minor != amount_minor {
            let detail = format!(
                "the tenders pay {amount_minor} and the lines owe {owed_minor} (price x quantity, less discounts, \
                 plus shipping): make them equal"
            );
            self.fault("/tenders", Code::AmountMismatch, detail.clone());
            self.fault("/lines", Code::AmountMismatch, detail);
        }
        Order {
            order_reference: request.order_reference,
            currency: request.currency,
            lines,
            means,
            capture: request.capture,
            connector: request.connector,
            return_url: request.return_url,
            // In microseconds, as the database keeps it.
            sold_at: request.sold_at.map(|at| at.trunc_subsecs(6)),
            owed_minor,
            amount_minor,
        }
    }

    /// The lines, numbered from 1, and what each comes to where nothing is wrong with it.
    pub(super) fn lines(&mut self, requests: Vec<LineRequest>) -> (Vec<PaidLine>, Vec<LineAmounts>) {
        self.require(
            (1..=MOST_LINES).contains(&requests.len()),
            "/lines",
            "give 1 to 500 lines",
        );
        let mut lines = Vec::with_capacity(requests.len());
        let mut amounts = Vec::with_capacity(requests.len());
        for (line_number, line) in (1_i32..).zip(requests) {
            let line = PaidLine {
                line_number,
                partner_id: line.partner_id,
                category: line.category,
                unit_price_minor: line.unit_price_minor,
                quantity: line.quantity,
                shipping_minor: line.shipping_minor,
                tax_free_minor: line.tax_free_minor,
                discounts: line.discounts,
            };
            amounts.extend(self.line(&line));
            lines.push(line);
        }
        // What partners are owed is at least what the buyer owes: the platform may fund a discount, nobody a surcharge.
        let what = "the lines (price x quantity, less what their partners fund, plus shipping)";
        self.sum("/lines", what, amounts.iter().map(|a| a.payable));
        (lines, amounts)
    }

    /// The place of each tender when money goes back, from 1.
    fn refund_ranks(&mut self, order: &[i32], tenders: usize) -> Vec<i32> {
        let count = i32::try_from(tenders).unwrap_or(i32::MAX);
        if order.is_empty() {
            return (1..=count).collect();
        }
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        self.require(
            sorted.iter().copied().eq(1..=count),
            "/refund_order",
            format!("name each of the numbers 1 to {tenders} once, or leave it out"),
        );
        let place = |number: i32| (1_i32..).zip(order).find(|(_, named)| **named == number);
        (1..=count)
            .map(|number| place(number).map_or(number, |(place, _)| place))
            .collect()
    }

    fn return_url(&mut self, return_url: Option<&str>, is_external: bool) {
        let Some(text) = return_url else { return };
        self.require(
            !is_external,
            "/return_url",
            "nobody has to act for a payment that was taken elsewhere: leave this out",
        );
        let is_page = text.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        self.require(
            text.len() <= RETURN_URL && is_page,
            "/return_url",
            "give a whole address of at most 2048 characters that begins with https:// or http://",
        );
    }

    fn sold_at(&mut self, sold_at: Option<DateTime<Utc>>, is_external: bool, now: DateTime<Utc>) {
        let Some(sold_at) = sold_at else { return };
        self.require(
            is_external,
            "/sold_at",
            "a payment made here is sold now: leave this out",
        );
        self.require(
            sold_at.timestamp() >= OLDEST_SALE_S && sold_at <= now + AHEAD,
            "/sold_at",
            "give an instant from 2000-01-01T00:00:00Z to five minutes from now",
        );
    }

    /// What the line comes to, where nothing is wrong with it.
    fn line(&mut self, line: &PaidLine) -> Option<LineAmounts> {
        let at = |field: &str| format!("/lines/{}/{field}", line.line_number.saturating_sub(1));
        let before = self.faults.len();
        let category_fits = line.category.chars().count() <= CATEGORY && !line.category.contains('\0');
        self.require(category_fits, at("category"), "give at most 64 characters");
        for (field, amount) in [
            ("unit_price_minor", line.unit_price_minor),
            ("shipping_minor", line.shipping_minor),
            ("tax_free_minor", line.tax_free_minor),
        ] {
            self.amount(0, amount, &at(field), OR_MORE);
        }
        self.require(line.quantity >= 1, at("quantity"), "give 1 or more");
        self.require(
            line.discounts.len() <= DISCOUNTS,
            at("discounts"),
            "give at most 20 discounts",
        );
        for (place, discount) in line.discounts.iter().enumerate() {
            let pointer = at(&format!("discounts/{place}/amount_minor"));
            let remedy = "give 1 or more, or leave it out";
            self.amount(1, discount.amount_minor, &pointer, remedy);
        }
        if self.faults.len() > before {
            return None;
        }
        match line_amounts(line) {
            Ok(amounts) => return Some(amounts),
            Err(AmountFault::TooLarge) => self.fault(
                at("unit_price_minor"),
                Code::InvalidField,
                format!("price x quantity and shipping exceed {LARGEST_MINOR} minor units: split the line"),
            ),
            Err(AmountFault::DiscountsBeyondPrice) => self.fault(
                at("discounts"),
                Code::AmountMismatch,
                "together they exceed price x quantity: lower them",
            ),
            Err(AmountFault::TaxFreeBeyondPrice) => self.fault(
                at("tax_free_minor"),
                Code::AmountMismatch,
                "it exceeds price x quantity: lower it",
            ),
        }
        None
    }

    fn means(
        &mut self,
        tenders: Vec<TenderRequest>,
        ranks: &[i32],
        connector: Option<ConnectorName>,
    ) -> Vec<Means> {
        self.require(
            (1..=TENDERS).contains(&tenders.len()),
            "/tenders",
            format!("give 1 to {TENDERS}"),
        );
        let mut means = Vec::with_capacity(tenders.len());
        for (place, (tender, rank)) in tenders.into_iter().zip(ranks).enumerate() {
            let at = |field: &str| format!("/tenders/{place}/{field}");
            self.amount(0, tender.amount_minor, &at("amount_minor"), OR_MORE);
            match connector {
                Some(connector) => self.of_one(connector, &tender, at),
                None => self.of_routed(&tender, at),
            }
            means.push(Means {
                kind: tender.kind,
                amount_minor: tender.amount_minor,
                token: tender.token,
                tokens: tender.tokens.map(|tokens| tokens.0).unwrap_or_default(),
                payment_method_id: tender.payment_method_id,
                refund_rank: *rank,
            });
        }
        means
    }

    /// A connector's token.
    pub(super) fn token(&mut self, token: &Token, pointer: &str) {
        let fits = (1..=TOKEN).contains(&token.chars().count()) && !token.contains(char::is_control);
        let is_number = token.len() >= 12 && token.bytes().all(|b| b.is_ascii_digit());
        self.require(fits, pointer, "give 1 to 255 characters");
        self.require(!is_number, pointer, "never send a card number: send a token");
    }
}
