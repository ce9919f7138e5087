//! Key pairs, one per service: with the private one it signs who calls, with the public ones others check it.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use jsonwebtoken::{DecodingKey, EncodingKey};

/// The folder of keys: `NAME.pem` is private and readable by the user that the service runs as, `NAME.pub.pem` is for
/// everyone. Services that must not trust each other run as different users, each with a folder that has its own
/// private key and everybody's public ones.
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
        let private = fs::read_to_string(&path)?;
        self.publish(service, &private)?;
        EncodingKey::from_ed_pem(private.as_bytes()).map_err(std::io::Error::other)
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

    /// Of two processes that generate at once, the one that links its private key in place first wins, and both use
    /// that one.
    fn generate(&self, service: &str, path: &Path) -> std::io::Result<()> {
        let seed: [u8; 32] = rand::random();
        let key = SigningKey::from_bytes(&seed);
        let private = key.to_pkcs8_pem(LineEnding::LF).map_err(std::io::Error::other)?;
        let fresh = self.folder.join(format!("{service}.{}.new", std::process::id()));
        write_private(&fresh, private.as_bytes())?;
        let linked = fs::hard_link(&fresh, path);
        fs::remove_file(&fresh)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes the public half of a private key, unless it is there: whoever wrote the private one may have died since.
    fn publish(&self, service: &str, private: &str) -> std::io::Result<()> {
        let path = self.folder.join(format!("{service}.pub.pem"));
        let public = SigningKey::from_pkcs8_pem(private)
            .map_err(std::io::Error::other)?
            .verifying_key()
            .to_public_key_pem(LineEnding::LF)
            .map_err(std::io::Error::other)?;
        if fs::read(&path).is_ok_and(|there| there == public.as_bytes()) {
            return Ok(());
        }
        write_whole(&path, public.as_bytes())
    }
}

fn write_whole(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_that_was_never_written_is_written_later() {
        let folder = tempfile::tempdir().unwrap();
        Keyring::open(folder.path()).unwrap().private("payment").unwrap();
        let path = folder.path().join("payment.pub.pem");
        let public = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(Keyring::open(folder.path()).unwrap().public("payment").is_none());
        Keyring::open(folder.path()).unwrap().private("payment").unwrap();
        assert_eq!(fs::read(&path).unwrap(), public);
        assert!(Keyring::open(folder.path()).unwrap().public("payment").is_some());
    }
}
