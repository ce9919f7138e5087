//! What a connector knows a means of payment by.

use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use telemetry::Secret;

/// A connector's token of a buyer's card: whoever has it can charge the card. It shows itself nowhere; only the
/// connector and the table read it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Token(Secret<String>);

impl Token {
    /// Wraps a token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(Secret::new(token.into()))
    }
}

impl Deref for Token {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.reveal()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_itself_nowhere() {
        let token: Token = serde_json::from_value("tok_ok".into()).unwrap();
        assert_eq!(format!("{token:?} {:?}", Some(&token)), "*** Some(***)");
        assert_eq!(&*token, "tok_ok");
    }
}
