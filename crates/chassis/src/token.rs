//! Signed, short-lived tokens: one service tells another who calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use contracts::{Caller, Role};
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::{Clock, Keyring, SystemClock};

/// How long a token is valid, in seconds.
const LIFETIME_S: i64 = 60;
/// A kept token is used until this many seconds before its end, so that none expires on the way.
const MARGIN_S: i64 = 20;
/// How many tokens are kept at most; when there are more, all are made afresh.
const KEPT: usize = 10_000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    roles: Vec<Role>,
}

/// Tokens by caller and audience, each with the second until which it is used.
type KeptTokens = HashMap<(Caller, &'static str), (i64, String)>;

/// Makes tokens in the name of one service. Lifetimes follow the machine's clock, not a test clock.
#[derive(Clone)]
pub struct Signer {
    service: String,
    key: EncodingKey,
    kept: Arc<Mutex<KeptTokens>>,
}

impl Signer {
    /// Signs with the private key of `service`; one is made where there is none.
    pub fn new(service: impl Into<String>, keyring: &Keyring) -> std::io::Result<Self> {
        let service = service.into();
        Ok(Self {
            key: keyring.private(&service)?,
            service,
            kept: Arc::default(),
        })
    }

    /// A token that says to `audience` that `caller` calls; none only where the machine's key is unusable.
    pub fn sign(&self, caller: &Caller, audience: &'static str) -> Option<String> {
        let now = SystemClock.now().timestamp();
        let mut kept = self.kept.lock().ok()?;
        let entry = (caller.clone(), audience);
        if let Some((until, token)) = kept.get(&entry)
            && now < *until
        {
            return Some(token.clone());
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.service.clone());
        let claims = Claims {
            iss: self.service.clone(),
            sub: caller.id.clone(),
            aud: audience.to_owned(),
            iat: now,
            exp: now + LIFETIME_S,
            roles: caller.roles.clone(),
        };
        let token = jsonwebtoken::encode(&header, &claims, &self.key).ok()?;
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(entry, (now + LIFETIME_S - MARGIN_S, token.clone()));
        Some(token)
    }
}

/// Checks tokens that were made for one service.
#[derive(Clone)]
pub(crate) struct Verifier {
    audience: &'static str,
    keyring: Keyring,
    kept: Arc<Mutex<HashMap<String, (i64, Caller)>>>,
}

impl Verifier {
    pub(crate) fn new(audience: &'static str, keyring: Keyring) -> Self {
        Self {
            audience,
            keyring,
            kept: Arc::default(),
        }
    }

    /// Who calls, if the token is whole, in time, meant for us, and signed by one who may say so.
    pub(crate) fn verify(&self, token: &str) -> Option<Caller> {
        let now = SystemClock.now().timestamp();
        if let Some((until, caller)) = self.kept.lock().ok()?.get(token)
            && now < *until
        {
            return Some(caller.clone());
        }
        let issuer = jsonwebtoken::decode_header(token).ok()?.kid?;
        let key = self.keyring.public(&issuer)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[self.audience]);
        validation.set_issuer(&[&issuer]);
        validation.leeway = 5;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)
            .ok()?
            .claims;
        // Only the gateway speaks for people and keys; a service speaks for itself.
        let caller = if issuer == "gateway" && !claims.sub.starts_with("service:") {
            Caller {
                id: claims.sub,
                roles: claims.roles.into_iter().filter(|r| *r != Role::Service).collect(),
            }
        } else if claims.sub == format!("service:{issuer}") {
            Caller::service(&issuer)
        } else {
            return None;
        };
        let mut kept = self.kept.lock().ok()?;
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(token.to_owned(), (claims.exp, caller.clone()));
        Some(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring() -> (tempfile::TempDir, Keyring) {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::open(folder.path()).unwrap();
        (folder, keyring)
    }

    fn person() -> Caller {
        Caller {
            id: "usr_1".into(),
            roles: vec![Role::Operator],
        }
    }

    #[test]
    fn the_gateway_speaks_for_people() {
        let (_folder, keyring) = keyring();
        let token = Signer::new("gateway", &keyring)
            .unwrap()
            .sign(&person(), "payment")
            .unwrap();
        assert_eq!(Verifier::new("payment", keyring).verify(&token), Some(person()));
    }

    #[test]
    fn a_token_for_one_service_opens_no_other() {
        let (_folder, keyring) = keyring();
        let token = Signer::new("gateway", &keyring)
            .unwrap()
            .sign(&person(), "payment")
            .unwrap();
        assert_eq!(Verifier::new("user", keyring).verify(&token), None);
    }

    #[test]
    fn a_service_speaks_for_itself_alone() {
        let (_folder, keyring) = keyring();
        let signer = Signer::new("settlement", &keyring).unwrap();
        let verifier = Verifier::new("payment", keyring);
        let own = Caller::service("settlement");
        assert_eq!(verifier.verify(&signer.sign(&own, "payment").unwrap()), Some(own));
        for posed in [person(), Caller::service("gateway"), Caller::service("user")] {
            assert_eq!(
                verifier.verify(&signer.sign(&posed, "payment").unwrap()),
                None,
                "{posed:?}"
            );
        }
    }

    #[test]
    fn the_gateway_makes_no_service_of_a_person() {
        let (_folder, keyring) = keyring();
        let posed = Caller {
            id: "usr_1".into(),
            roles: vec![Role::Service, Role::Auditor],
        };
        let token = Signer::new("gateway", &keyring)
            .unwrap()
            .sign(&posed, "payment")
            .unwrap();
        let seen = Verifier::new("payment", keyring).verify(&token).unwrap();
        assert_eq!(seen.roles, [Role::Auditor]);
    }

    #[test]
    fn a_changed_or_foreign_token_is_refused() {
        let (_folder, known) = keyring();
        let (_elsewhere, foreign) = keyring();
        Signer::new("gateway", &known).unwrap();
        let verifier = Verifier::new("payment", known);
        let token = Signer::new("gateway", &foreign)
            .unwrap()
            .sign(&person(), "payment")
            .unwrap();
        assert_eq!(
            verifier.verify(&token),
            None,
            "signed by another installation's key"
        );
        assert_eq!(verifier.verify("eyJhbGciOiJub25lIn0.e30."), None);
        assert_eq!(verifier.verify("../../etc/passwd"), None);
    }
}
