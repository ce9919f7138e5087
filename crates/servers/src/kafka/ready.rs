//! What it means that a node is ready.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::node::{Node, START_LIMIT};
use super::wire;
use crate::ServersError;

const ASK_LIMIT: Duration = Duration::from_secs(2);
/// What a broker says that ends because ZooKeeper lists one of its number.
const PREDECESSOR_LISTED: &str = "already exists and owner";

/// A ZooKeeper is ready when it leads or follows: before there is a quorum it takes connections and serves none.
pub(crate) async fn zookeeper(node: &mut Node) -> Result<(), ServersError> {
    let serves = async |port| {
        let state = timeout(ASK_LIMIT, zookeeper_state(port)).await;
        state.is_ok_and(|state| state.is_ok_and(|state| state.contains("Mode: ")))
    };
    node.ready(serves).await
}

async fn zookeeper_state(port: u16) -> io::Result<String> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    server.write_all(b"srvr").await?;
    let mut state = String::new();
    server.read_to_string(&mut state).await?;
    Ok(state)
}

/// A broker is ready when it answers and has been told of any broker, be it itself.
///
/// One that was killed is listed in ZooKeeper until its session ends. The next one of its number ends itself when it
/// finds that entry, and is started again until there is none.
pub(crate) async fn broker(node: &mut Node) -> Result<(), ServersError> {
    let deadline = Instant::now() + START_LIMIT;
    let knows_brokers = async |port| {
        let seen = wire::metadata(port).await;
        seen.is_ok_and(|seen| !seen.brokers.is_empty())
    };
    loop {
        match node.ready(knows_brokers).await {
            Err(ServersError::Ended { .. })
                if node.log().contains(PREDECESSOR_LISTED) && Instant::now() < deadline =>
            {
                node.restart()?;
            }
            other => return other,
        }
    }
}
