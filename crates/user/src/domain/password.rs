//! What a password has to be.

use telemetry::Secret;

/// The shortest password, in characters. Length is what counts, so no kinds of characters are asked for.
pub(crate) const SHORTEST: usize = 10;
/// The longest, in bytes: hashing takes time by length.
pub(crate) const LONGEST: usize = 256;

/// Why a password is not taken, with the remedy; none where it is.
pub(crate) fn fault(password: &Secret<String>, login: &str) -> Option<&'static str> {
    let text = password.reveal();
    if text.chars().count() < SHORTEST {
        Some("give a password of at least 10 characters")
    } else if text.len() > LONGEST {
        Some("give a password of at most 256 bytes")
    } else if text.eq_ignore_ascii_case(login) {
        Some("give a password that is not the login")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_not_the_login() {
        for (password, login, taken) in [
            ("short", "admin", false),
            ("123456789", "admin", false),
            ("1234567890", "admin", true),
            ("열글자비밀번호입니다", "admin", true),
            ("administrator", "Administrator", false),
            ("", "admin", false),
        ] {
            let fault = fault(&Secret::new(password.to_owned()), login);
            assert_eq!(fault.is_none(), taken, "{password}");
        }
        assert!(fault(&Secret::new("x".repeat(256)), "a").is_none());
        assert!(fault(&Secret::new("x".repeat(257)), "a").is_some());
    }
}
