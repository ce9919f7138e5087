//! How a Redis is reached, by others and by us: a port, a password, TLS.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo as _,
    RedisConnectionInfo, RedisResult, TlsCertificates,
};

use crate::{ServersError, TestCa};

/// How long one question may take.
const ASK_LIMIT: Duration = Duration::from_secs(2);

/// The certificate of servers that speak TLS alone, and whose certificates they trust among themselves.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    ca_file: PathBuf,
}

impl Tls {
    pub(crate) fn make(authority: &TestCa, folder: &Path) -> Result<Self, ServersError> {
        let files = authority.server_certificate(folder, "redis")?;
        Ok(Self {
            certificate: files.certificate,
            key: files.key,
            ca_file: authority.ca_file().to_owned(),
        })
    }

    fn settings(&self, port: u16) -> String {
        let (certificate, key, ca_file) = (
            self.certificate.display(),
            self.key.display(),
            self.ca_file.display(),
        );
        format!(
            "port 0\ntls-port {port}\ntls-cert-file \"{certificate}\"\ntls-key-file \"{key}\"\n\
             tls-ca-cert-file \"{ca_file}\"\ntls-auth-clients no\ntls-replication yes\n"
        )
    }
}

/// How a server is reached. An empty password is none.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) port: u16,
    pub(crate) password: String,
    pub(crate) tls: Option<Tls>,
}

impl Door {
    pub(super) fn settings(&self) -> String {
        match &self.tls {
            Some(tls) => tls.settings(self.port),
            None => format!("port {}\n", self.port),
        }
    }

    fn client(&self, database: i64) -> RedisResult<Client> {
        let mut login = RedisConnectionInfo::default()
            .set_db(database)
            .set_skip_set_lib_name();
        if !self.password.is_empty() {
            login = login.set_password(&self.password);
        }
        let host = "127.0.0.1".to_owned();
        let Some(tls) = &self.tls else {
            let server = ConnectionAddr::Tcp(host, self.port).into_connection_info()?;
            return Client::open(server.set_redis_settings(login));
        };
        // Of several who may choose one for the process, the first wins, and all choose the same.
        let _chosen_before = rustls::crypto::ring::default_provider().install_default();
        let server = ConnectionAddr::TcpTls {
            host,
            port: self.port,
            insecure: false,
            tls_params: None,
        };
        let authority = TlsCertificates {
            client_tls: None,
            root_cert: Some(fs::read(&tls.ca_file)?),
        };
        Client::build_with_tls(
            server.into_connection_info()?.set_redis_settings(login),
            authority,
        )
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, database: i64, command: &Cmd) -> RedisResult<T> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ASK_LIMIT))
            .set_response_timeout(Some(ASK_LIMIT));
        let mut connection = self
            .client(database)?
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        command.query_async(&mut connection).await
    }
}
