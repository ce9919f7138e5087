//! The name to log in with.

use std::fmt;

/// A login: 1 to 64 lower-case characters that read the same to everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login(String);

impl Login {
    /// Reads a login; capital letters become small ones. The table's check `users_login_form` says the same.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
        let rest = bytes.all(|b| b.is_ascii_alphanumeric() || b"._@+-".contains(&b));
        (first && rest && text.len() <= 64).then_some(Self(text))
    }

    /// Its text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_lower_case_and_plain() {
        for (text, login) in [
            ("admin", Some("admin")),
            ("  Kim.Min-su@Example.com ", Some("kim.min-su@example.com")),
            ("7", Some("7")),
            ("", None),
            ("   ", None),
            (".admin", None),
            ("ad min", None),
            ("관리자", None),
            ("a\u{0}", None),
        ] {
            assert_eq!(Login::parse(text).as_ref().map(Login::as_str), login, "{text:?}");
        }
        assert!(Login::parse(&"a".repeat(64)).is_some());
        assert!(Login::parse(&"a".repeat(65)).is_none());
    }
}
