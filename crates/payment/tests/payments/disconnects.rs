//! Clients that go away in the middle of a request: what they began is done or not done, and held up is nobody.

use std::collections::HashSet;

use crate::asking::{eventually, kept, made, order, path, read, sums};
use crate::sound::{assert_sound, assert_told};
use crate::support::{self, external, id, post_with_key, shop};
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};
use testkit::{Platform, operator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Clients at the same time.
const SIDE_BY_SIDE: usize = 32;

fn clients() -> usize {
    let set = std::env::var("JEONGSAN_DISCONNECTS").ok();
    set.map_or(200, |count| {
        count.parse().expect("JEONGSAN_DISCONNECTS is a number")
    })
}

/// Where a client goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaves {
    /// Some way through what it sends, in hundredths.
    Sending(usize),
    /// When all is sent.
    Sent,
    /// When the first so many bytes of the answer are there.
    Reading(usize),
}

const PLACES: [Leaves; 8] = [
    Leaves::Sending(20),
    Leaves::Sending(90),
    Leaves::Sending(99),
    Leaves::Sent,
    Leaves::Reading(1),
    Leaves::Reading(12),
    Leaves::Reading(200),
    Leaves::Reading(usize::MAX),
];

/// What a client asks for under its key.
struct Client {
    key: String,
    path: String,
    body: Value,
    /// The payment, where it is there before.
    payment: Option<String>,
    leaves: Leaves,
}

async fn client(platform: &Platform, shop: ids::PartnerId, number: usize) -> Client {
    let key = format!("order-{number}");
    let tenders = [("card", 6_000, "tok_ok"), ("voucher", 4_000, "vch_ok")];
    // Three kinds of work: of one transaction, of several, and on a payment that is there.
    let (path, body, payment) = match number % 3 {
        0 => ("/v1/payments".to_owned(), external(&key, shop), None),
        1 => (
            "/v1/payments".to_owned(),
            order(&key, shop, &[10_000], &tenders),
            None,
        ),
        _ => {
            let payment = made(
                platform,
                &kept(order(&key, shop, &[10_000], &tenders)),
                "authorized",
            )
            .await;
            (
                path(&payment, "capture"),
                json!({"amount_minor": 7_000}),
                Some(payment),
            )
        }
    };
    Client {
        key,
        path,
        body,
        payment,
        leaves: PLACES[number / 3 % PLACES.len()],
    }
}

impl Client {
    /// Sends the request, goes away, and tells which status it had read by then.
    async fn goes_away(&self, platform: &Platform) -> Option<u16> {
        let mut connection = TcpStream::connect(platform.address("payment")).await.unwrap();
        let body = self.body.to_string();
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: payment\r\nauthorization: Bearer {}\r\nidempotency-key: {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.path,
            platform.token(&operator(), "payment"),
            self.key,
            body.len()
        );
        let bytes = request.as_bytes();
        let (sent, wanted) = match self.leaves {
            Leaves::Sending(hundredths) => (bytes.len() * hundredths / 100, 0),
            Leaves::Sent => (bytes.len(), 0),
            Leaves::Reading(bytes_of_answer) => (bytes.len(), bytes_of_answer),
        };
        connection.write_all(&bytes[..sent]).await.unwrap();
        let mut answer = Vec::new();
        while answer.len() < wanted.min(200) {
            assert!(connection.read_buf(&mut answer).await.unwrap() > 0, "an answer");
        }
        let status = String::from_utf8_lossy(&answer)
            .split(' ')
            .nth(1)
            .map(str::to_owned);
        status
            .filter(|_| answer.len() >= 12)
            .map(|status| status.parse().unwrap())
    }

    /// The same again, now to the end.
    async fn comes_back(&self, platform: &Platform) -> String {
        let answer = eventually(&self.key, async || {
            let answer = post_with_key(platform, &self.path, &self.key, &self.body).await;
            (answer.body["code"] != "request_in_progress").then_some(answer)
        })
        .await;
        assert!(answer.status.is_success(), "{}: {}", self.key, answer.body);
        assert_eq!(answer.body["order_reference"], self.key.as_str());
        id(&answer.body)
    }
}

/// Waits until no session of the service is in a transaction or has a lock.
async fn nothing_is_held(platform: &Platform) {
    let pool = platform.database("payment").db().pool().clone();
    eventually("nothing is held", async || {
        let held: i64 = sqlx::query_scalar(
            "select (select count(*) from pg_stat_activity
                      where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null)
                  + (select count(*) from pg_locks l join pg_database d on d.oid = l.database
                      where d.datname = current_database() and l.pid <> pg_backend_pid())",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        (held == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_leaves_nothing_held_and_nothing_half_done() {
    let platform = support::platform().start().await;
    let shop = shop();
    let clients = stream::iter(0..clients()).map(|number| client(&platform, shop, number));
    let clients: Vec<_> = clients.buffer_unordered(SIDE_BY_SIDE).collect().await;
    let left = stream::iter(&clients).map(async |client| (client, client.goes_away(&platform).await));
    let left: Vec<_> = left.buffer_unordered(SIDE_BY_SIDE).collect().await;
    nothing_is_held(&platform).await;

    // What anybody was told is so, whether the rest of the answer was read or not.
    for (client, status) in &left {
        let Some(status) = status else { continue };
        let list = format!("/v1/payments?order_reference={}", client.key);
        let found = platform.get("payment", &list).await.expect(200);
        let found = &found["data"][0];
        assert_eq!(
            *status,
            if client.payment.is_some() { 200 } else { 201 },
            "{}",
            client.key
        );
        let expected = if client.payment.is_some() {
            "partially_captured"
        } else {
            "completed"
        };
        assert_eq!(found["status"], expected, "{found}");
    }
    let told = left.iter().filter(|(_, status)| status.is_some()).count();
    assert!(told > 0 && told < left.len(), "{told}");

    let again = stream::iter(&clients).map(async |client| (client, client.comes_back(&platform).await));
    let again: Vec<_> = again.buffer_unordered(SIDE_BY_SIDE).collect().await;
    let payments: HashSet<_> = again.iter().map(|(_, payment)| payment.clone()).collect();
    assert_eq!(payments.len(), clients.len());
    for (client, payment) in &again {
        assert!(
            client.payment.as_ref().is_none_or(|known| known == payment),
            "{}",
            client.key
        );
        let end = if client.payment.is_some() {
            [3_000, 7_000, 0, 0]
        } else {
            [0, 10_000, 0, 0]
        };
        assert_eq!(sums(&read(&platform, payment).await), end, "{}", client.key);
        assert_told(&platform, payment).await;
    }
    let made: i64 = sqlx::query_scalar("select count(*) from payments")
        .fetch_one(platform.database("payment").db().pool())
        .await
        .unwrap();
    assert_eq!(usize::try_from(made).unwrap(), clients.len());
    assert_sound(&platform).await;
    nothing_is_held(&platform).await;
    platform.stop().await;
}
