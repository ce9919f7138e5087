//! Connection strings.

use std::fmt::Write;

/// `postgres://role:password@127.0.0.1:port/database`, every part percent-encoded (RFC 3986, 2.1).
pub(crate) fn url(role: &str, password: &str, port: u16, database: &str) -> String {
    format!(
        "postgres://{}:{}@127.0.0.1:{port}/{}",
        encoded(role),
        encoded(password),
        encoded(database)
    )
}

fn encoded(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_encoded() {
        for (role, password, database, expected) in [
            ("a", "b", "c", "postgres://a:b@127.0.0.1:20001/c"),
            (
                "r@x",
                "p:/?#%",
                "정산",
                "postgres://r%40x:p%3A%2F%3F%23%25@127.0.0.1:20001/%EC%A0%95%EC%82%B0",
            ),
        ] {
            assert_eq!(url(role, password, 20_001, database), expected);
        }
    }
}
