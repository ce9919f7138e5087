//! Kafka's own protocol, as far as these servers are asked: who is there, who leads, and to make a topic.
//!
//! The shapes of requests and answers are those of <https://kafka.apache.org/protocol>, in the oldest version that both
//! releases still speak.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one question may take, so that a paused broker does not hold everything up.
const ASK_LIMIT: Duration = Duration::from_secs(3);
/// How long a broker may take to make a topic.
const MAKE_LIMIT: Duration = Duration::from_mins(1);
const MAKE_LIMIT_MS: i32 = 55_000;
/// More than any answer here has.
const LONGEST: i32 = 1 << 24;
/// The number that an answer repeats. There is one question per connection.
const CORRELATION: i32 = 7;

const METADATA: i16 = 3;
const CREATE_TOPICS: i16 = 19;
const DESCRIBE_QUORUM: i16 = 55;
const METADATA_TOPIC: &str = "__cluster_metadata";

/// What one broker knows of all.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) brokers: Vec<i32>,
    /// With ZooKeeper; elsewhere any broker, since each passes on what the controller must do.
    pub(crate) controller: i32,
    pub(crate) partitions: Vec<Partition>,
}

/// One partition of a topic.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) topic: String,
    pub(crate) replicas: Vec<i32>,
    pub(crate) in_sync: Vec<i32>,
}

/// Asks the broker at this port for all that it knows.
pub(crate) async fn metadata(port: u16) -> io::Result<Metadata> {
    // All topics: a list that is not there.
    let body = (-1_i32).to_be_bytes();
    let answer = ask(port, METADATA, 1, &body, ASK_LIMIT).await?;
    let mut answer = Fields(&answer);
    let brokers = answer.list(|broker| {
        let id = broker.int32()?;
        let (_host, _port, _rack) = (broker.string()?, broker.int32()?, broker.string()?);
        Ok(id)
    })?;
    let controller = answer.int32()?;
    let topics = answer.list(topic)?;
    Ok(Metadata {
        brokers,
        controller,
        partitions: topics.into_iter().flatten().collect(),
    })
}

fn topic(fields: &mut Fields<'_>) -> io::Result<Vec<Partition>> {
    let _error = fields.int16()?;
    let name = fields.string()?;
    let _internal = fields.take::<1>()?;
    fields.list(|partition| {
        let (_error, _number, _leader) = (partition.int16()?, partition.int32()?, partition.int32()?);
        Ok(Partition {
            topic: name.clone(),
            replicas: partition.list(Fields::int32)?,
            in_sync: partition.list(Fields::int32)?,
        })
    })
}

/// Asks the controller at this port which node leads the quorum that keeps the metadata. Only the leader answers.
pub(crate) async fn quorum_leader(port: u16) -> io::Result<i32> {
    // Compact lists and strings count from one, and every structure ends with its tagged fields, of which it has none.
    let mut body = vec![0, 2, compact(METADATA_TOPIC.len())];
    body.extend(METADATA_TOPIC.as_bytes());
    body.push(2);
    body.extend(0_i32.to_be_bytes());
    body.extend([0, 0, 0]);
    let answer = ask(port, DESCRIBE_QUORUM, 0, &body, ASK_LIMIT).await?;
    let mut answer = Fields(&answer);
    let _tagged = answer.take::<1>()?;
    accepted(answer.int16()?, "")?;
    let _topics = answer.take::<1>()?;
    answer.skip(METADATA_TOPIC.len() + 1)?;
    let _partitions = answer.take::<1>()?;
    let _partition = answer.int32()?;
    accepted(answer.int16()?, "")?;
    answer.int32()
}

/// Has the broker at this port, which is the controller, make a topic.
pub(crate) async fn create_topic(port: u16, name: &str, partitions: i32, replicas: i16) -> io::Result<()> {
    let length = i16::try_from(name.len()).map_err(io::Error::other)?;
    let mut body = 1_i32.to_be_bytes().to_vec();
    body.extend(length.to_be_bytes());
    body.extend(name.as_bytes());
    body.extend(partitions.to_be_bytes());
    body.extend(replicas.to_be_bytes());
    // Neither places for its partitions nor settings.
    body.extend([0; 8]);
    body.extend(MAKE_LIMIT_MS.to_be_bytes());
    let validate_only = 0;
    body.push(validate_only);
    let answer = ask(port, CREATE_TOPICS, 2, &body, MAKE_LIMIT).await?;
    let mut answer = Fields(&answer);
    let _throttled_ms = answer.int32()?;
    answer
        .list(|topic| {
            let _name = topic.string()?;
            let error = topic.int16()?;
            accepted(error, &topic.string()?)
        })
        .map(drop)
}

fn compact(length: usize) -> u8 {
    u8::try_from(length + 1).unwrap_or(u8::MAX)
}

fn accepted(error: i16, message: &str) -> io::Result<()> {
    match error {
        0 => Ok(()),
        _ => Err(io::Error::other(format!("Kafka's error {error} {message}"))),
    }
}

/// Sends one request on a connection of its own; gives what follows the number in the answer.
async fn ask(port: u16, api: i16, version: i16, body: &[u8], limit: Duration) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    request.extend(api.to_be_bytes());
    request.extend(version.to_be_bytes());
    request.extend(CORRELATION.to_be_bytes());
    // No name of a client.
    request.extend((-1_i16).to_be_bytes());
    request.extend(body);
    let length = i32::try_from(request.len()).map_err(io::Error::other)?;
    let exchange = async {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        server.write_i32(length).await?;
        server.write_all(&request).await?;
        let length = server.read_i32().await?;
        if !(0..LONGEST).contains(&length) {
            return Err(malformed());
        }
        let mut answer = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        server.read_exact(&mut answer).await?;
        Ok(answer)
    };
    let answer = timeout(limit, exchange)
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    let mut fields = Fields(&answer);
    if fields.int32()? != CORRELATION {
        return Err(malformed());
    }
    Ok(fields.0.to_vec())
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not what Kafka's protocol says")
}

/// What of an answer has not been read yet.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or_else(malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn skip(&mut self, count: usize) -> io::Result<&[u8]> {
        let (skipped, rest) = self.0.split_at_checked(count).ok_or_else(malformed)?;
        self.0 = rest;
        Ok(skipped)
    }

    fn int16(&mut self) -> io::Result<i16> {
        self.take().map(i16::from_be_bytes)
    }

    fn int32(&mut self) -> io::Result<i32> {
        self.take().map(i32::from_be_bytes)
    }

    /// Empty also where there is none.
    fn string(&mut self) -> io::Result<String> {
        let length = usize::try_from(self.int16()?).unwrap_or(0);
        let bytes = self.skip(length)?.to_vec();
        String::from_utf8(bytes).map_err(io::Error::other)
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> io::Result<T>) -> io::Result<Vec<T>> {
        let count = self.int32()?;
        (0..count).map(|_| item(self)).collect()
    }
}
