//! The server's settings: ours, and what the caller may add.

use crate::error::EmbeddedError;

/// Modest memory, and everything that durability stands on said aloud, so that no configuration file
/// in the cluster can take it away: settings of the command line win.
const OURS: [(&str, &str); 12] = [
    ("listen_addresses", "127.0.0.1"),
    // TCP only: a socket's path may be at most 107 bytes long, and the data folder's is anything.
    ("unix_socket_directories", ""),
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("password_encryption", "scram-sha-256"),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("log_line_prefix", "%m [%p] %q%u@%d "),
    ("shared_buffers", "128MB"),
    ("max_connections", "200"),
    ("max_wal_size", "2GB"),
];

/// What a caller may not touch: the first eight above, and where things are.
const RESERVED: [&str; 16] = [
    "listen_addresses",
    "unix_socket_directories",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "password_encryption",
    "logging_collector",
    "log_destination",
    "port",
    "data_directory",
    "config_file",
    "hba_file",
    "ident_file",
    "external_pid_file",
    "zero_damaged_pages",
    "ignore_checksum_failure",
];

/// The arguments `-c name=value` for the server; the caller's come later, and the later one wins.
pub(crate) fn arguments(extra: &[(String, String)]) -> Result<Vec<String>, EmbeddedError> {
    let mut all: Vec<(&str, &str)> = OURS.to_vec();
    for (name, value) in extra {
        let plain = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
        if !plain || RESERVED.contains(&name.to_ascii_lowercase().as_str()) || value.contains('\0') {
            return Err(EmbeddedError::SettingReserved { name: name.clone() });
        }
        all.push((name, value));
    }
    Ok(all
        .into_iter()
        .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durability_and_isolation_cannot_be_switched_off() {
        for name in [
            "fsync",
            "FSYNC",
            "synchronous_commit",
            "full_page_writes",
            "listen_addresses",
            "port",
            "hba_file",
            "work-mem",
            "",
            "a=b",
        ] {
            let error = arguments(&[(name.to_owned(), "off".to_owned())]).unwrap_err();
            assert!(matches!(error, EmbeddedError::SettingReserved { .. }), "{name}");
        }
    }

    #[test]
    fn a_setting_of_the_caller_comes_after_ours() {
        let arguments = arguments(&[("max_connections".to_owned(), "20".to_owned())]).unwrap();
        assert_eq!(arguments.last().map(String::as_str), Some("max_connections=20"));
        assert!(arguments.contains(&"max_connections=200".to_owned()));
    }
}
