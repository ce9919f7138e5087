use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use futures::stream;
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::town::{SHAPES, Shape, Town};

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_body_may_be_as_long_as_its_route_allows_however_it_is_sent() {
    for shape in SHAPES {
        let town = Town::build(shape, &[]).await;
        let bearer = format!("Bearer {}", town.key);
        let headers = [("authorization", bearer.as_str())];
        for (path, length, status) in [
            ("/v1/payments", 2 * MIB, 200),
            ("/v1/payments", 2 * MIB + 1, 413),
            ("/v1/payments/batch", 8 * MIB, 200),
            ("/v1/payments/batch", 8 * MIB + 1, 413),
        ] {
            let body = vec![b'x'; length];
            let whole = town.send(Method::POST, path, &headers, body.clone()).await;
            assert_eq!(whole.status, status, "{shape:?} {path} {length} {}", whole.text);
            let parts: Vec<_> = body
                .chunks(MIB)
                .map(|c| Ok::<_, std::io::Error>(c.to_vec()))
                .collect();
            let streamed = Body::from_stream(stream::iter(parts));
            let streamed = town.send(Method::POST, path, &headers, streamed).await;
            assert_eq!(streamed.status, status, "{shape:?} {path} {length} streamed");
            if status == 200 {
                assert_eq!(streamed.json["length"], length);
            } else {
                assert_eq!(streamed.json["code"], "body_too_large");
            }
        }
        town.stop().await;
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_in_time_is_a_504() {
    for shape in SHAPES {
        let flags = [("gateway.timeout_ms", "300"), ("shutdown.limit_ms", "100")];
        let town = Town::build(shape, &flags).await;
        let late = town.get(&town.key, "/v1/payments/never").await;
        assert_eq!(
            (late.status, late.json["code"].as_str()),
            (504, Some("timeout")),
            "{shape:?}"
        );
        let bearer = format!("Bearer {}", town.key);
        let late = town
            .send(
                Method::POST,
                "/v1/payments/never",
                &[("authorization", &bearer)],
                "",
            )
            .await;
        assert_eq!(late.status, 504);
        assert!(late.text.contains("Idempotency-Key"), "{}", late.text);
        town.stop().await;
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_a_503_that_says_when_to_come_again() {
    let town = Town::build(Shape::Together, &[]).await;
    for path in ["/v1/settlements", "/v1/reports"] {
        let answer = town.get(&town.key, path).await;
        assert_eq!(
            (answer.status, answer.json["code"].as_str()),
            (503, Some("unavailable")),
            "{path}"
        );
        assert_eq!(answer.headers.get("retry-after").unwrap(), "1");
    }
    town.stop().await;
}

#[tokio::test]
async fn a_get_is_tried_once_more_where_the_connection_failed_and_a_post_is_not() {
    let town = Town::build(Shape::Together, &[]).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, town.base + 3))
        .await
        .unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    // Hangs up on every odd connection, and answers every even one.
    let served = tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            if number.is_multiple_of(2) {
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        }
    });
    let get = town.get(&town.key, "/v1/settlements").await;
    assert_eq!(get.status, 200, "{}", get.text);
    assert!(!get.headers.contains_key("connection"));
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    let bearer = format!("Bearer {}", town.key);
    let post = town
        .send(
            Method::POST,
            "/v1/settlements",
            &[("authorization", &bearer)],
            "{}",
        )
        .await;
    assert_eq!(post.status, 503);
    assert_eq!(connections.load(Ordering::SeqCst), 3);
    served.abort();
    town.stop().await;
}
