//! Sellers become partners.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};

use super::answer::{Indexed, Problem, Results};
use super::client::Client;
use super::progress::Progress;
use super::{Cargo, Contract, PartnerIds};
use crate::{ImportError, Refusal, Seller, Summary};

const PATH: &str = "/v1/partners/batch";
/// As many as the API takes at once.
const BATCH: usize = 500;

#[derive(Serialize)]
struct Batch<'a> {
    partners: Vec<NewPartner<'a>>,
}

#[derive(Serialize)]
struct NewPartner<'a> {
    reference: &'a str,
    name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Option<Contract<'a>>,
}

#[derive(Deserialize)]
struct PartnerResult {
    index: usize,
    status: u16,
    partner: Option<Partner>,
    problem: Option<Problem>,
}

impl Indexed for PartnerResult {
    fn index(&self) -> usize {
        self.index
    }
}

#[derive(Deserialize)]
struct Partner {
    id: String,
    reference: String,
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Partner>,
}

/// Makes the partners that are not there yet. The answer holds the ids of all that are there now.
pub(crate) async fn send(
    cargo: &Cargo<'_>,
    client: &Client,
    progress: &Progress,
    summary: &mut Summary,
) -> Result<PartnerIds, ImportError> {
    progress.begin_partners();
    let mut ids = PartnerIds::new();
    for sellers in cargo.checked.sellers.chunks(BATCH) {
        let partners = sellers.iter().map(|seller| NewPartner {
            reference: &seller.reference,
            name: seller.name(),
            kind: "company",
            contract: cargo.contract,
        });
        let batch = Batch {
            partners: partners.collect(),
        };
        let reply = client.post(PATH, &batch, 0).await?;
        let results: Results<PartnerResult> = reply.success()?;
        let results = results
            .in_order(sellers.len())
            .map_err(|reason| reply.malformed(reason))?;
        for (seller, result) in sellers.iter().zip(results) {
            let (of_earlier_run, has_contract) = (reply.of_earlier_run, cargo.contract.is_some());
            let id = settle(client, seller, result, of_earlier_run, has_contract, summary).await?;
            if let Some(id) = id {
                ids.insert(Arc::clone(&seller.reference), id);
            }
        }
        progress.advance(sellers.len());
    }
    Ok(ids)
}

/// Counts one result. The answer is the partner's id, if there is such a partner now.
async fn settle(
    client: &Client,
    seller: &Seller,
    result: PartnerResult,
    of_earlier_run: bool,
    has_contract: bool,
    summary: &mut Summary,
) -> Result<Option<String>, ImportError> {
    let counts = &mut summary.counts;
    let problem = result.problem.unwrap_or_default();
    match (result.status, result.partner) {
        (201, Some(partner)) if !of_earlier_run => {
            counts.partners_new += 1;
            Ok(Some(partner.id))
        }
        (200..=299, Some(partner)) => {
            counts.partners_existing += 1;
            Ok(Some(partner.id))
        }
        (409, given) => {
            let there = match given {
                Some(partner) => Some(partner),
                None => find(client, &seller.reference).await?,
            };
            match (&there, has_contract) {
                // That it exists is no refusal; that it keeps another contract than was sent is one.
                (Some(_), true) => {
                    counts.partners_existing += 1;
                    counts.contracts_refused += 1;
                    summary.refuse(refusal("contract", seller, &problem));
                }
                (Some(_), false) => counts.partners_existing += 1,
                (None, _) => {
                    counts.partners_refused += 1;
                    summary.refuse(refusal("partner", seller, &problem));
                }
            }
            Ok(there.map(|partner| partner.id))
        }
        _ => {
            counts.partners_refused += 1;
            summary.refuse(refusal("partner", seller, &problem));
            Ok(None)
        }
    }
}

fn refusal(what: &'static str, seller: &Seller, problem: &Problem) -> Refusal {
    Refusal {
        what,
        reference: seller.reference.to_string(),
        reason: problem.text(),
    }
}

/// The partner of that reference.
async fn find(client: &Client, reference: &str) -> Result<Option<Partner>, ImportError> {
    let path = format!("/v1/partners?reference={}", escape(reference));
    let reply = client.send(Method::GET, &path, None, Bytes::new()).await?;
    let found: Found = reply.success()?;
    Ok(found
        .data
        .into_iter()
        .find(|partner| partner.reference == reference))
}

/// A text as the value of a query parameter (RFC 3986: everything but the unreserved characters is escaped).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push_str(&hex::encode_upper([byte]));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_reference_survives_in_a_query() {
        assert_eq!(escape("a-1_b.c~"), "a-1_b.c~");
        assert_eq!(escape("a b&c=한"), "a%20b%26c%3D%ED%95%9C");
    }
}
