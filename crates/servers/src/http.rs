//! The little of HTTP that the servers' own health pages need.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take; a server that is paused gives none.
const LIMIT: Duration = Duration::from_secs(2);
/// `HTTP/1.0 200`
const STATUS_LENGTH: usize = 12;

/// The status that a server on loopback answers to `GET path`; none if it does not answer.
pub(crate) async fn status(port: u16, path: &str) -> Option<u16> {
    let asking = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut line = [0; STATUS_LENGTH];
        stream.read_exact(&mut line).await.ok()?;
        let (_, status) = std::str::from_utf8(&line).ok()?.split_once(' ')?;
        status.parse().ok()
    };
    timeout(LIMIT, asking).await.ok()?
}
