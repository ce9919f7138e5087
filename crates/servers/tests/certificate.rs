//! A client that trusts the test's authority trusts its servers, and nobody else does.
#![allow(clippy::unwrap_used, reason = "a test reports a fault by panicking")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{Error, RootCertStore};
use servers::TestCa;

fn certificate(file: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file).unwrap()
}

fn verify(authority: &TestCa, server: &Path, name: &'static str) -> Result<(), Error> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate(authority.ca_file())).unwrap();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
        .build()
        .unwrap();
    let name = ServerName::try_from(name).unwrap();
    verifier
        .verify_server_cert(&certificate(server), &[], &name, &[], UnixTime::now())
        .map(drop)
}

#[test]
fn a_certificate_is_trusted_on_loopback_by_whoever_trusts_its_authority() {
    let folder = tempfile::tempdir().unwrap();
    let authority = TestCa::create(folder.path()).unwrap();
    let server = authority.server_certificate(folder.path(), "server").unwrap();
    verify(&authority, &server.certificate, "localhost").unwrap();
    verify(&authority, &server.certificate, "127.0.0.1").unwrap();
    verify(&authority, &server.certificate, "example.com").unwrap_err();

    let elsewhere = tempfile::tempdir().unwrap();
    let other = TestCa::create(elsewhere.path()).unwrap();
    verify(&other, &server.certificate, "localhost").unwrap_err();
}

#[test]
fn the_key_fits_its_certificate_and_only_its_owner_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let authority = TestCa::create(folder.path()).unwrap();
    // Made twice, the second takes the place of the first.
    authority.server_certificate(folder.path(), "server").unwrap();
    let server = authority.server_certificate(folder.path(), "server").unwrap();
    let key = PrivateKeyDer::from_pem_file(&server.key).unwrap();
    let chain = vec![certificate(&server.certificate)];
    rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let mode = server.key.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
