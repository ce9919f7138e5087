//! Certificates for servers that speak TLS: an authority of the test's own signs them, and no other knows it.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::ServersError;
use crate::error::at;

/// What every certificate is made for: a client that checks the name finds either here.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate authority that exists for one test. Two of them do not trust each other's certificates.
#[derive(Debug)]
pub struct TestCa {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl TestCa {
    /// Makes one; its certificate is in `folder/ca.crt`, its key in memory only.
    ///
    /// # Errors
    /// [`ServersError::File`] if the certificate can't be written, [`ServersError::Certificate`].
    pub fn create(folder: &Path) -> Result<Self, ServersError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        // An issuer of the same name as what it issued would look self-signed.
        params
            .distinguished_name
            .push(DnType::CommonName, "Jeongsan test authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let file = folder.join("ca.crt");
        write(&file, &issuer.pem(), 0o644)?;
        Ok(Self { issuer, file })
    }

    /// Its certificate, in PEM: what a client is told to trust.
    pub fn ca_file(&self) -> &Path {
        &self.file
    }

    /// A certificate for a server on `localhost` or 127.0.0.1, in `folder/NAME.crt` and `folder/NAME.key`.
    ///
    /// # Errors
    /// As [`TestCa::create`].
    pub fn server_certificate(&self, folder: &Path, name: &str) -> Result<ServerCertificate, ServersError> {
        let mut params = CertificateParams::new(NAMES.map(str::to_owned).to_vec())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let files = ServerCertificate {
            certificate: folder.join(format!("{name}.crt")),
            key: folder.join(format!("{name}.key")),
        };
        write(&files.certificate, &certificate.pem(), 0o644)?;
        write(&files.key, &key.serialize_pem(), 0o600)?;
        Ok(files)
    }
}

/// Where a server's certificate is.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// Its key (ECDSA on P-256), as PKCS #8 in PEM, for its owner alone to read: a server that runs as another user
    /// must be given the file.
    pub key: PathBuf,
}

fn write(path: &Path, pem: &str, mode: u32) -> Result<(), ServersError> {
    // With its mode from the first moment: a key that is closed later was open before.
    if path.exists() {
        fs::remove_file(path).map_err(at(path))?;
    }
    File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut open| open.write_all(pem.as_bytes()))
        .map_err(at(path))
}
