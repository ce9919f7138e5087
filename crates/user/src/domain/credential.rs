//! Session tokens and API keys: 256 random bits behind a prefix that says which it is.

use sha2::{Digest, Sha256};
use telemetry::Secret;

/// What a session token begins with.
pub(crate) const SESSION_PREFIX: &str = "st_";
/// What an API key begins with.
pub(crate) const KEY_PREFIX: &str = "sk_";
/// Both are as long as this: the prefix and 64 hexadecimal digits.
const LENGTH: usize = 67;

/// A token or key in plain. It is shown once and stored nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Credential(Secret<String>);

impl Credential {
    /// A new one of these random bytes.
    pub(crate) fn of(prefix: &'static str, random: &[u8; 32]) -> Self {
        Self(Secret::new(format!("{prefix}{}", hex::encode(random))))
    }

    /// One that was sent to us, if it has the form of one with this prefix.
    pub(crate) fn parse(prefix: &'static str, text: &str) -> Option<Self> {
        let digits = text.strip_prefix(prefix)?;
        let plain = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == LENGTH && plain).then(|| Self(Secret::new(text.to_owned())))
    }

    /// What is stored and looked up. A slow hash is for what people make up; these bits can't be guessed.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.reveal().as_bytes()).into()
    }

    /// The last four characters, to recognise it by.
    pub(crate) fn hint(&self) -> String {
        self.0.reveal().chars().skip(LENGTH - 4).collect()
    }

    /// For the one answer or file that gives it away.
    pub(crate) fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_reads_back_and_its_hash_does_not_show_it() {
        let key = Credential::of(KEY_PREFIX, &[0xa5; 32]);
        let read = Credential::parse(KEY_PREFIX, key.reveal()).unwrap();
        assert_eq!(read.hash(), key.hash());
        assert_eq!(key.hint(), "a5a5");
        assert_eq!(format!("{key:?}"), "Credential(***)");
        assert_ne!(key.hash(), Credential::of(SESSION_PREFIX, &[0xa5; 32]).hash());
    }

    #[test]
    fn what_has_not_the_form_is_no_credential() {
        let good = Credential::of(KEY_PREFIX, &[1; 32]).reveal().to_owned();
        for text in [
            "",
            "sk_",
            &good[..66],
            &format!("{good}0"),
            &good.replace("sk_", "st_"),
            &good.replace('0', "G"),
            &good.to_uppercase(),
        ] {
            assert!(Credential::parse(KEY_PREFIX, text).is_none(), "{text}");
        }
    }
}
