//! Key pairs, one a service: with the private one it signs who calls, with the public ones others check it.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{EncodePrivateKey, EncodePublicKey};
use jsonwebtoken::{DecodingKey, EncodingKey};

/// The folder of keys: `NAME.pem` is private and readable by its service alone, `NAME.pub.pem` is for everyone.
#[derive(Clone)]
pub struct Keyring {
    folder: PathBuf,
    public: Arc<RwLock<HashMap<String, DecodingKey>>>,
}

impl Keyring {
    /// The keys in `folder`, which is made if it is not there.
    pub fn open(folder: impl Into<PathBuf>) -> std::io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            public: Arc::default(),
        })
    }

    /// The private key of `service`; a new pair where it has none.
    pub(crate) fn private(&self, service: &str) -> std::io::Result<EncodingKey> {
        let path = self.folder.join(format!("{service}.pem"));
        if !path.exists() {
            self.generate(service, &path)?;
        }
        EncodingKey::from_ed_pem(&fs::read(&path)?).map_err(std::io::Error::other)
    }

    /// The public key of `service`, if it has one.
    pub(crate) fn public(&self, service: &str) -> Option<DecodingKey> {
        if let Some(key) = self.public.read().ok()?.get(service) {
            return Some(key.clone());
        }
        // A name from a token's header becomes part of a path: letters only.
        if !service.bytes().all(|b| b.is_ascii_lowercase()) {
            return None;
        }
        let pem = fs::read(self.folder.join(format!("{service}.pub.pem"))).ok()?;
        let key = DecodingKey::from_ed_pem(&pem).ok()?;
        self.public.write().ok()?.insert(service.to_owned(), key.clone());
        Some(key)
    }

    /// The public half is written first: whoever sees the private one finds both. Of two processes that generate
    /// at once, the one that links its private key in place first wins, and both use that one.
    fn generate(&self, service: &str, path: &Path) -> std::io::Result<()> {
        let seed: [u8; 32] = rand::random();
        let key = SigningKey::from_bytes(&seed);
        let private = key.to_pkcs8_pem(LineEnding::LF).map_err(std::io::Error::other)?;
        let public = key
            .verifying_key()
            .to_public_key_pem(LineEnding::LF)
            .map_err(std::io::Error::other)?;
        let fresh = self.folder.join(format!("{service}.{}.new", std::process::id()));
        write_private(&fresh, private.as_bytes())?;
        let linked = fs::hard_link(&fresh, path);
        fs::remove_file(&fresh)?;
        match linked {
            Ok(()) => write_whole(&self.folder.join(format!("{service}.pub.pem")), public.as_bytes()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn write_whole(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, content)?;
    fs::rename(fresh, path)
}

fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
