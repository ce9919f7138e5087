//! One connection that is kept, and HTTP/1.1 on it as plainly as pgbench speaks to its server: one write a request, and
//! reads until the answer is whole. A client that costs more would take the processors from what is measured.

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Where the text of an answer's length begins.
const LENGTH: &[u8] = b"content-length: ";

/// A connection to the gateway.
pub struct Wire {
    stream: TcpStream,
    /// What was read, and nothing of an earlier answer.
    read: Vec<u8>,
}

/// An answer.
pub struct Told<'a> {
    /// Its status code.
    pub status: u16,
    /// Its body, as it came.
    pub body: &'a [u8],
}

impl Wire {
    /// Connects to the gateway on that port.
    pub async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(8 * 1024),
        })
    }

    /// Sends a request as it stands and reads its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Told<'_>> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let head = loop {
            self.more().await?;
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let (status, length) = self
            .read
            .get(..head)
            .and_then(parse)
            .with_context(|| format!("not understood: {}", String::from_utf8_lossy(&self.read)))?;
        while self.read.len() < head + length {
            self.more().await?;
        }
        let body = self.read.get(head..).unwrap_or_default();
        Ok(Told { status, body })
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the connection was closed");
        }
        Ok(())
    }
}

/// The status, and how many bytes the body has.
fn parse(head: &[u8]) -> Option<(u16, usize)> {
    let status = std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()?;
    let lower = head.to_ascii_lowercase();
    let from = find(&lower, LENGTH)? + LENGTH.len();
    let digits = lower.get(from..)?.split(|byte| *byte == b'\r').next()?;
    Some((status, std::str::from_utf8(digits).ok()?.parse().ok()?))
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_answer_tells_its_status_and_length() {
        let head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n";
        assert_eq!(parse(head), Some((201, 17)));
        assert_eq!(parse(b"HTTP/1.1 204 No Content\r\n\r\n"), None);
        assert_eq!(parse(b"220 hello\r\n\r\n"), None);
    }
}
