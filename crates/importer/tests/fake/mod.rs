//! A small stand-in for the public API that misbehaves on order.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What goes wrong with one batch of payments.
pub enum Mishap {
    /// 503, nothing done.
    Busy,
    /// 409, as if the first request with this key were still running.
    InProgress,
    /// Everything done, and the connection is cut in the middle of the answer.
    Cut,
    /// Everything done, the caller told to stop, and no answer ever.
    Stop(CancellationToken),
    /// Waits until the hold has been renewed.
    UntilRenewed,
}

#[derive(Default)]
pub struct Books {
    pub partners: HashMap<String, (String, Value)>,
    pub payments: HashMap<String, Value>,
    kept: HashMap<String, Value>,
    pub mishaps: VecDeque<Mishap>,
    /// Orders that are refused.
    pub refused: HashSet<String>,
    /// Orders whose partners are not known the first time.
    pub late: HashSet<String>,
    pub requests: usize,
    pub holds_taken: usize,
    pub renewals: usize,
    /// Renewals that are to find the hold gone.
    pub lapses: usize,
    pub holds: HashSet<String>,
    /// Payments that came while settlement was not held.
    pub unheld: usize,
}

#[derive(Clone, Default)]
pub struct Fake {
    books: Arc<Mutex<Books>>,
    renewed: Arc<Notify>,
}

impl Fake {
    /// Starts it; the address is the answer's second part.
    pub async fn start() -> (Self, String) {
        let fake = Self::default();
        let app = Router::new()
            .route("/v1/partners/batch", post(partners))
            .route("/v1/partners", get(find))
            .route("/v1/payments/batch", post(payments))
            .route("/v1/settlement-holds", post(hold))
            .route("/v1/settlement-holds/{id}/renew", post(renew))
            .route("/v1/settlement-holds/{id}", delete(release))
            .with_state(fake.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (fake, address)
    }

    pub fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    pub fn mishaps(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.books().mishaps.extend(mishaps);
    }
}

fn problem(status: StatusCode, code: &str) -> Value {
    json!({ "status": status.as_u16(), "code": code, "detail": "by order", "errors": [] })
}

fn refuse(status: StatusCode, code: &str) -> Response {
    (status, Json(problem(status, code))).into_response()
}

/// Keeps an answer under its key.
fn once(books: &mut Books, headers: &HeaderMap, act: impl FnOnce(&mut Books) -> Vec<Value>) -> Response {
    assert_eq!(headers["authorization"], "Bearer sk_test");
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    if let Some(kept) = books.kept.get(&key) {
        return ([("idempotent-replayed", "true")], Json(kept.clone())).into_response();
    }
    let results = act(books);
    let answer = json!({ "results": results });
    books.kept.insert(key, answer.clone());
    Json(answer).into_response()
}

async fn partners(State(fake): State<Fake>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let mut books = fake.books();
    books.requests += 1;
    once(&mut books, &headers, |books| {
        let wanted = body["partners"].as_array().unwrap();
        assert!(wanted.len() <= 500);
        (0..)
            .zip(wanted)
            .map(|(index, partner)| one_partner(books, index, partner))
            .collect()
    })
}

fn one_partner(books: &mut Books, index: usize, wanted: &Value) -> Value {
    let reference = wanted["reference"].as_str().unwrap();
    assert_eq!(wanted["kind"], "company");
    let view = |id: &str| json!({ "id": id, "reference": reference });
    if let Some((id, contract)) = books.partners.get(reference) {
        if *contract == wanted["contract"] {
            return json!({ "index": index, "status": 200, "partner": view(id) });
        }
        let problem = problem(StatusCode::CONFLICT, "already_exists");
        let mut answer = json!({ "index": index, "status": 409, "problem": problem });
        // With the partner or without: both are understood.
        if index.is_multiple_of(2) {
            answer["partner"] = view(id);
        }
        return answer;
    }
    let id = format!("ptn_{}", books.partners.len());
    let answer = json!({ "index": index, "status": 201, "partner": view(&id) });
    books
        .partners
        .insert(reference.to_owned(), (id, wanted["contract"].clone()));
    answer
}

async fn find(State(fake): State<Fake>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    let books = fake.books();
    let reference = &query["reference"];
    let found: Vec<Value> = books
        .partners
        .get(reference)
        .map(|(id, _)| json!({ "id": id, "reference": reference }))
        .into_iter()
        .collect();
    Json(json!({ "data": found, "next_cursor": null }))
}

async fn payments(State(fake): State<Fake>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let mishap = {
        let mut books = fake.books();
        books.requests += 1;
        books.unheld += usize::from(books.holds.is_empty());
        books.mishaps.pop_front()
    };
    let act = || {
        once(&mut fake.books(), &headers, |books| {
            let wanted = body["payments"].as_array().unwrap();
            (0..)
                .zip(wanted)
                .map(|(index, payment)| one_payment(books, index, payment))
                .collect()
        })
    };
    match mishap {
        None => act(),
        Some(Mishap::Busy) => refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Some(Mishap::InProgress) => refuse(StatusCode::CONFLICT, "request_in_progress"),
        Some(Mishap::Cut) => {
            act();
            let cut = futures::stream::iter([Err::<&[u8], _>(std::io::Error::other("cut by order"))]);
            Body::from_stream(cut).into_response()
        }
        Some(Mishap::Stop(stop)) => {
            act();
            stop.cancel();
            std::future::pending().await
        }
        Some(Mishap::UntilRenewed) => {
            fake.renewed.notified().await;
            act()
        }
    }
}

fn one_payment(books: &mut Books, index: usize, wanted: &Value) -> Value {
    let reference = wanted["order_reference"].as_str().unwrap();
    let refused = |status: StatusCode, code| json!({ "index": index, "status": status.as_u16(), "problem": problem(status, code) });
    if books.payments.contains_key(reference) {
        return refused(StatusCode::CONFLICT, "already_exists");
    }
    if books.late.remove(reference) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "unknown_partner");
    }
    if books.refused.contains(reference) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field");
    }
    books.payments.insert(reference.to_owned(), wanted.clone());
    json!({ "index": index, "status": 201, "payment": { "id": format!("pay_{reference}") } })
}

async fn hold(State(fake): State<Fake>, Json(body): Json<Value>) -> Response {
    assert!(body["lease_seconds"].as_u64().unwrap() > 0);
    let mut books = fake.books();
    books.requests += 1;
    books.holds_taken += 1;
    let id = format!("hld_{}", books.holds_taken);
    books.holds.insert(id.clone());
    (
        StatusCode::CREATED,
        Json(json!({ "id": id, "expires_at": "2026-11-22T00:01:00Z" })),
    )
        .into_response()
}

async fn renew(State(fake): State<Fake>, Path(id): Path<String>) -> Response {
    let mut books = fake.books();
    if books.lapses > 0 {
        books.lapses -= 1;
        books.holds.remove(&id);
    }
    if !books.holds.contains(&id) {
        return refuse(StatusCode::CONFLICT, "conflict");
    }
    books.renewals += 1;
    fake.renewed.notify_one();
    Json(json!({ "id": id })).into_response()
}

async fn release(State(fake): State<Fake>, Path(id): Path<String>) -> StatusCode {
    fake.books().holds.remove(&id);
    StatusCode::NO_CONTENT
}
