//! Many payments in one request.

use axum::extract::State;
use axum::response::Response;
use once::KeyedRequest;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use web::card_number::{Place, find_in_value};
use web::{Body, IdempotencyKey, Operator, Problem};

use super::request::{PaymentRequest, parse, read};
use super::{Desk, respond};
use crate::error::Error;
use crate::ops::{BatchItem, BatchRequest};
use crate::view::BatchAnswer;

const ITEMS: usize = 1_000;

/// Payments that are to be made, each with the fields of a single one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    /// 1 to 1,000.
    #[schema(value_type = Vec<PaymentRequest>, min_items = 1, max_items = 1000)]
    payments: Vec<Value>,
}

/// Makes up to 1,000 payments.
///
/// Each is answered by itself, in `results`: with the status that it would have had alone, and its payment or its
/// problem. One that is refused costs the others nothing; mend it and send it in a batch with a new key. Where one has
/// 409 `request_in_progress` or a 5xx, send the same batch with the same key again: that one is tried again, and the
/// others are told as before.
#[utoipa::path(
    post,
    path = "/v1/payments/batch",
    tag = "payments",
    params(("Idempotency-Key" = String, Header, description = "one for the whole batch")),
    request_body = Batch,
    responses((status = 200, body = BatchAnswer), (status = 409, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn create(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    idempotency_key: IdempotencyKey,
    Body(mut body): Body<Value>,
) -> Result<Response, Problem> {
    let refused = without_card_numbers(&mut body)?;
    if !body.is_object() {
        // A list of its fields' values could be read as well. But its payments were not found above: none would be made.
        return Err(Problem::field("", "give an object with the field payments"));
    }
    let key = KeyedRequest::new(&caller, "POST /v1/payments/batch", &idempotency_key, &body);
    let batch: Batch = read(body).map_err(|fault| Problem::fields(vec![fault]))?;
    let many = batch.payments.len();
    if !(1..=ITEMS).contains(&many) {
        return Err(Problem::field(
            "/payments",
            format!("give 1 to {ITEMS} payments, not {many}"),
        ));
    }
    let now = desk.clock.now();
    let items = (0_usize..)
        .zip(batch.payments.iter().zip(refused))
        .map(|(index, (body, card_number))| {
            // A key of its own for each, so that a repeat after a crash goes on where the first request ended.
            let route = format!("POST /v1/payments/batch#{index}");
            BatchItem {
                key: KeyedRequest::new(&caller, &route, &idempotency_key, body),
                order: match card_number {
                    Some(place) => Err(Error::Fields(vec![place.refusal()])),
                    None => parse(body, now, desk.live).map_err(Error::Fields),
                },
            }
        })
        .collect();
    let request = BatchRequest {
        caller,
        key,
        trace: telemetry::current_trace(),
        items,
    };
    Ok(respond(desk.payments.make_batch(request).await?))
}

/// Takes the payments in which a card number stands out of a batch, so that not even a hash of one is kept, and tells
/// for each payment where. A number that stands elsewhere refuses the batch.
fn without_card_numbers(body: &mut Value) -> Result<Vec<Option<Place>>, Problem> {
    let payments = body.get_mut("payments").and_then(Value::as_array_mut);
    let refused = payments.into_iter().flatten().map(|payment| {
        let place = find_in_value(payment);
        if place.is_some() {
            *payment = Value::Null;
        }
        place
    });
    let refused = refused.collect();
    match find_in_value(body) {
        Some(place) => Err(Problem::fields(vec![place.refusal()])),
        None => Ok(refused),
    }
}
