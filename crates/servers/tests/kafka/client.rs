//! Just enough of a client to knock on a secured door: TLS, `PLAIN` and `SCRAM-SHA-512` (RFC 5802), one question.

use std::io;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::{digest, hmac, pbkdf2};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const METADATA: i16 = 3;
const SASL_HANDSHAKE: i16 = 17;
const SASL_AUTHENTICATE: i16 = 36;
const NONCE: &str = "fyko-d2lbbFgONRv9qkxdawL";

/// The broker did not accept the login.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused;

pub struct Login<'a> {
    pub user: &'a str,
    pub password: &'a str,
}

pub struct Client {
    stream: TlsStream<TcpStream>,
}

impl Client {
    pub async fn connect(address: &str, authority: &Path) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(authority).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (host, _) = address.split_once(':').unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let tcp = TcpStream::connect(address).await?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        Ok(Self { stream })
    }

    pub async fn log_in(&mut self, mechanism: &str, login: &Login<'_>) -> Result<(), Refused> {
        let answer = self.ask(SASL_HANDSHAKE, 1, &string(mechanism)).await;
        assert!(answer.starts_with(&[0, 0]), "{mechanism} is not offered");
        if mechanism == "PLAIN" {
            let token = format!("\0{}\0{}", login.user, login.password);
            return self.authenticate(&token).await.map(drop);
        }
        let first = format!("n={},r={NONCE}", login.user);
        let challenge = self.authenticate(&format!("n,,{first}")).await?;
        let response = prove(login.password, &first, &challenge);
        self.authenticate(&response).await.map(drop)
    }

    /// Whether the broker names that address as the one where it is.
    pub async fn is_told_of(&mut self, address: &str) -> bool {
        let no_topics = 0_i32.to_be_bytes();
        let answer = self.ask(METADATA, 1, &no_topics).await;
        let (host, port) = address.split_once(':').unwrap();
        let mut named = string(host);
        named.extend(port.parse::<i32>().unwrap().to_be_bytes());
        answer.windows(named.len()).any(|bytes| bytes == named)
    }

    /// One step of the login: gives what the server says to it.
    async fn authenticate(&mut self, token: &str) -> Result<String, Refused> {
        let mut body = i32::try_from(token.len()).unwrap().to_be_bytes().to_vec();
        body.extend(token.as_bytes());
        let answer = self.ask(SASL_AUTHENTICATE, 0, &body).await;
        // No error, no message to it, the length of the rest.
        match answer.split_at_checked(8) {
            Some(([0, 0, ..], said)) => Ok(String::from_utf8(said.to_vec()).unwrap()),
            _ => Err(Refused),
        }
    }

    async fn ask(&mut self, api: i16, version: i16, body: &[u8]) -> Vec<u8> {
        let correlation = 1_i32.to_be_bytes();
        let no_name = (-1_i16).to_be_bytes();
        let header = [api.to_be_bytes(), version.to_be_bytes()].concat();
        let request = [&header, correlation.as_slice(), &no_name, body].concat();
        let length = i32::try_from(request.len()).unwrap();
        self.stream.write_i32(length).await.unwrap();
        self.stream.write_all(&request).await.unwrap();
        self.stream.flush().await.unwrap();
        let length = self.stream.read_i32().await.unwrap();
        let mut answer = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut answer).await.unwrap();
        answer.split_off(correlation.len())
    }
}

fn string(text: &str) -> Vec<u8> {
    let mut bytes = i16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// The client's last message: proves that it knows the password, without telling it.
fn prove(password: &str, first: &str, challenge: &str) -> String {
    let field = |name: &str| {
        let mut fields = challenge.split(',');
        fields.find_map(|field| field.strip_prefix(name)).unwrap()
    };
    let salt = BASE64.decode(field("s=")).unwrap();
    let iterations: NonZero<u32> = field("i=").parse().unwrap();
    let mut salted = [0; digest::SHA512_OUTPUT_LEN];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA512,
        iterations,
        &salt,
        password.as_bytes(),
        &mut salted,
    );
    let client_key = sign(&salted, b"Client Key");
    let stored_key = digest::digest(&digest::SHA512, client_key.as_ref());
    // `biws` is the header `n,,` of the first message: no channel is bound.
    let last = format!("c=biws,r={}", field("r="));
    let signature = sign(
        stored_key.as_ref(),
        format!("{first},{challenge},{last}").as_bytes(),
    );
    let pairs = client_key.as_ref().iter().zip(signature.as_ref());
    let proof: Vec<u8> = pairs.map(|(key, signed)| key ^ signed).collect();
    format!("{last},p={}", BASE64.encode(proof))
}

fn sign(key: &[u8], message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, key), message)
}
