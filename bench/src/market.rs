//! Partners to pay, and the payments' bodies.

use anyhow::Result;
use bytes::{BufMut, Bytes, BytesMut};
use e2e::{Api, contract_terms, partner_with_contract};
use serde_json::{Value, json};

/// How many partners there are.
const PARTNERS: usize = 20;

/// Stands in a body where the order reference comes.
const PLACE: &str = "order-reference-here";

/// Who is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Each payment has lines of two neighbours among twenty partners.
    Spread,
    /// All lines of all payments are one partner's.
    One,
}

/// How it is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Through {
    /// Elsewhere: it is only recorded.
    External,
    /// By a card of the simulated network, which is asked.
    Simulator,
}

/// A body for every pair of neighbours, all but the order reference.
pub struct Market {
    partners: Vec<String>,
    bodies: Vec<(Bytes, Bytes)>,
}

impl Market {
    /// Makes the partners. What they sell is paid elsewhere.
    pub async fn open(api: &Api, shape: Shape) -> Result<Self> {
        let mut partners = Vec::with_capacity(PARTNERS);
        let count = match shape {
            Shape::Spread => PARTNERS,
            Shape::One => 1,
        };
        for number in 0..count {
            let terms = contract_terms(120_000);
            partners.push(partner_with_contract(api, &format!("shop-{number}"), &terms).await?);
        }
        Ok(Self::of(partners, Through::External))
    }

    /// The same partners, with that for payment.
    #[must_use]
    pub fn paid(&self, through: Through) -> Self {
        Self::of(self.partners.clone(), through)
    }

    fn of(partners: Vec<String>, through: Through) -> Self {
        let mut bodies = Vec::with_capacity(PARTNERS);
        for (first, second) in partners.iter().zip(partners.iter().cycle().skip(1)) {
            let text = payment(PLACE, first, second, through).to_string();
            if let Some((head, tail)) = text.split_once(PLACE) {
                bodies.push((
                    Bytes::copy_from_slice(head.as_bytes()),
                    Bytes::copy_from_slice(tail.as_bytes()),
                ));
            }
        }
        Self { partners, bodies }
    }

    /// The body of a payment with that order reference.
    pub fn body(&self, reference: &str, turn: usize) -> Bytes {
        let Some((head, tail)) = self.bodies.get(turn % self.bodies.len().max(1)) else {
            return Bytes::new();
        };
        let mut body = BytesMut::with_capacity(head.len() + reference.len() + tail.len());
        body.put_slice(head);
        body.put_slice(reference.as_bytes());
        body.put_slice(tail);
        body.freeze()
    }
}

/// A payment of two lines.
fn payment(reference: &str, first: &str, second: &str, through: Through) -> Value {
    let (connector, tender) = match through {
        Through::External => (
            "external",
            json!({ "kind": "bank_transfer", "amount_minor": 57_000 }),
        ),
        Through::Simulator => (
            "simulator",
            json!({ "kind": "card", "amount_minor": 57_000, "token": "tok_ok" }),
        ),
    };
    json!({
        "order_reference": reference,
        "currency": "KRW",
        "lines": [
            { "partner_id": first, "category": "books", "unit_price_minor": 12_000, "quantity": 2 },
            { "partner_id": second, "category": "toys", "unit_price_minor": 30_000, "shipping_minor": 3_000 },
        ],
        "tenders": [tender],
        "connector": connector,
    })
}
