//! Finds the server that takes writes, and connects to it.

use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo as _, RedisConnectionInfo,
    RedisError, Role, TlsCertificates, cmd,
};
use telemetry::Secret;

use crate::CacheError;
use crate::address::{Address, Endpoint, Place};

/// How long connecting, and each question on the way, may take. Nobody waits for it: it happens in the background.
const LIMIT: Duration = Duration::from_millis(500);

/// A server, connected.
pub(crate) struct Reached {
    pub(crate) connection: MultiplexedConnection,
    /// Where it is.
    pub(crate) server: Endpoint,
    /// How many replicas follow it, where sentinels watch over it.
    pub(crate) replicas: Option<usize>,
}

/// Who we are to a server.
struct Login<'a> {
    tls: bool,
    ca_file: Option<&'a Path>,
    user: &'a str,
    password: &'a Secret<String>,
    database: i64,
}

/// Connects to the server of `address`, or to the one that its sentinels name and that says of itself that it is the
/// master: right after a failover a sentinel may still name the old one.
pub(crate) async fn reach(address: &Address) -> Result<Reached, CacheError> {
    let login = Login {
        tls: address.tls,
        ca_file: address.ca_file.as_deref(),
        user: &address.user,
        password: &address.password,
        database: address.database,
    };
    match &address.place {
        Place::Server(server) => {
            let fault = |source| CacheError::Server {
                server: server.to_string(),
                source,
            };
            let mut connection = connect(server, &login).await.map_err(fault)?;
            let answer: Result<String, _> = cmd("PING").query_async(&mut connection).await;
            answer.map_err(fault)?;
            Ok(Reached {
                connection,
                server: server.clone(),
                replicas: None,
            })
        }
        Place::Sentinels {
            sentinels,
            master,
            password,
        } => {
            let sentinel_login = Login {
                tls: address.tls,
                ca_file: address.ca_file.as_deref(),
                user: "",
                password,
                database: 0,
            };
            let mut answers = Vec::with_capacity(sentinels.len());
            for sentinel in sentinels {
                match follow(sentinel, &sentinel_login, master, &login).await {
                    Ok(reached) => return Ok(reached),
                    Err(answer) => answers.push(format!("{sentinel} {answer}")),
                }
            }
            Err(CacheError::NoMaster {
                master: master.clone(),
                answers: answers.join("; "),
            })
        }
    }
}

/// Asks one sentinel, and goes where it points.
async fn follow(
    sentinel: &Endpoint,
    sentinel_login: &Login<'_>,
    master: &str,
    login: &Login<'_>,
) -> Result<Reached, String> {
    let server = named(sentinel, sentinel_login, master)
        .await
        .map_err(|error| format!("does not answer ({error})"))?
        .ok_or_else(|| "knows no such master".to_owned())?;
    let fault = |error: RedisError| format!("names {server}, which does not answer ({error})");
    let mut connection = connect(&server, login).await.map_err(fault)?;
    match cmd("ROLE").query_async(&mut connection).await.map_err(fault)? {
        Role::Primary { replicas, .. } => Ok(Reached {
            connection,
            server,
            replicas: Some(replicas.len()),
        }),
        _ => Err(format!("names {server}, which is not the master")),
    }
}

/// Where that sentinel believes the master to be.
async fn named(sentinel: &Endpoint, login: &Login<'_>, master: &str) -> Result<Option<Endpoint>, RedisError> {
    let mut connection = connect(sentinel, login).await?;
    let answer: Option<(String, u16)> = cmd("SENTINEL")
        .arg("GET-MASTER-ADDR-BY-NAME")
        .arg(master)
        .query_async(&mut connection)
        .await?;
    Ok(answer.map(|(host, port)| Endpoint { host, port }))
}

async fn connect(server: &Endpoint, login: &Login<'_>) -> Result<MultiplexedConnection, RedisError> {
    let host = server.host.clone();
    let place = if login.tls {
        // Of several who may choose one for the process, the first wins, and all choose the same.
        let _chosen_before = rustls::crypto::ring::default_provider().install_default();
        ConnectionAddr::TcpTls {
            host,
            port: server.port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, server.port)
    };
    let mut who = RedisConnectionInfo::default()
        .set_db(login.database)
        .set_skip_set_lib_name();
    if !login.user.is_empty() {
        who = who.set_username(login.user);
    }
    if !login.password.reveal().is_empty() {
        who = who.set_password(login.password.reveal());
    }
    let info = place
        .into_connection_info()?
        .set_redis_settings(who)
        // Small commands are sent at once.
        .set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(LIMIT))
        .set_response_timeout(Some(LIMIT));
    let client = match login.ca_file {
        Some(file) => Client::build_with_tls(info, trusting(file).await?)?,
        None => Client::open(info)?,
    };
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// Nobody but that authority. It is read for every connection, so that a new one can take its place.
async fn trusting(file: &Path) -> Result<TlsCertificates, RedisError> {
    let pem = tokio::fs::read(file).await.map_err(|error| {
        let why = format!("{}: {error}", file.display());
        RedisError::from((ErrorKind::InvalidClientConfig, "the ca_file can't be read", why))
    })?;
    Ok(TlsCertificates {
        client_tls: None,
        root_cert: Some(pem),
    })
}
