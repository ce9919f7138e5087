//! What a broker needs to let nobody in but over TLS and with a password.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::at;
use crate::{ServersError, TestCa};

/// An authority, a certificate for the broker, and one user.
#[derive(Debug)]
pub(crate) struct Secured {
    pub(crate) authority: TestCa,
    /// The key and the certificate in one file, as Kafka wants them.
    keystore: PathBuf,
    user: String,
    password: String,
}

impl Secured {
    pub(crate) fn create(folder: &Path, user: &str, password: &str) -> Result<Self, ServersError> {
        let authority = TestCa::create(folder)?;
        let server = authority.server_certificate(folder, "broker")?;
        let keystore = server.key;
        let key = fs::read_to_string(&keystore).map_err(at(&keystore))?;
        let certificate = fs::read_to_string(&server.certificate).map_err(at(&server.certificate))?;
        fs::write(&keystore, key + &certificate).map_err(at(&keystore))?;
        Ok(Self {
            authority,
            keystore,
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }

    /// The settings of a listener that speaks `SASL_SSL`.
    pub(crate) fn settings(&self, listener: &str) -> String {
        let of = format!("listener.name.{}", listener.to_lowercase());
        let modules = "org.apache.kafka.common.security";
        let keystore = self.keystore.display();
        let (user, password) = (&self.user, &self.password);
        format!(
            "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512\n\
             {of}.ssl.keystore.type=PEM\n{of}.ssl.keystore.location={keystore}\n\
             {of}.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required user_{user}=\"{password}\";\n\
             {of}.scram-sha-512.sasl.jaas.config={modules}.scram.ScramLoginModule required;\n"
        )
    }

    /// The user as `kafka.tools.StorageTool` takes it: with KRaft, SCRAM's users are part of the metadata.
    pub(crate) fn scram_user(&self) -> String {
        format!("SCRAM-SHA-512=[name={},password={}]", self.user, self.password)
    }
}
