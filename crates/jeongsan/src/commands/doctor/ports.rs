//! The ports: free, or in use by the very service they are meant for.

use std::time::Duration;

use chassis::{Service, Settings, port_of};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::Check;
use crate::targets;

const LIMIT: Duration = Duration::from_secs(2);

pub(super) async fn look(settings: &Settings) -> Vec<Check> {
    let mut checks = Vec::new();
    for service in targets::all() {
        checks.push(port(settings, &service).await);
    }
    checks
}

async fn port(settings: &Settings, service: &Service) -> Check {
    let name = format!("port of {}", service.name);
    let setting = format!("{}.port", service.name);
    let port = port_of(service, settings);
    let address = format!("{}:{port}", settings.text("host"));
    match TcpListener::bind(&address).await {
        Ok(_) => Check::fine(name, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            if says_its_name(&address, service.name).await {
                return Check::fine(name, format!("{address}: it runs"));
            }
            let remedy = format!("stop what listens there, or set ports.base or {setting}");
            Check::wrong(name, format!("{address} is taken by something else"), remedy)
        }
        Err(error) => Check::wrong(
            name,
            format!("{address}: {error}"),
            format!(
                "set host to an address of this machine, and {setting} to a port that this user may have"
            ),
        ),
    }
}

/// Asks `/healthz`, which every service answers with its name.
async fn says_its_name(address: &str, name: &str) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let question = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(question.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.take(4_096).read_to_string(&mut answer).await.ok()?;
        Some(answer.contains(&format!("\"service\":\"{name}\"")))
    };
    tokio::time::timeout(LIMIT, ask).await.ok().flatten() == Some(true)
}
