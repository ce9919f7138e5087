//! The settings of this process: what exists, and where values come from.

use std::path::{Path, PathBuf};

use chassis::{BASE_KEYS, Clock, FileClock, Key, Kind, Settings, Sources, SystemClock};

use crate::cli::Global;
use crate::fault::Fault;
use crate::targets;

/// Looked for in the working folder where no other file is named.
const FILE: &str = "jeongsan.toml";

/// For each service: where it listens, where others find it, and its database.
macro_rules! service_keys {
    ($($name:literal),+) => {
        &[$(
            Key::new(concat!($name, ".port"), Kind::Number, "0", "its port; 0: as far from ports.base as it always is"),
            Key::new(concat!($name, ".url"), Kind::Text, "", "where it runs, seen from elsewhere; empty: host and port"),
            Key::new(concat!($name, ".database_url"), Kind::Secret, "", "its database; empty: made on the server of postgres.url"),
            Key::new(concat!($name, ".max_connections"), Kind::Number, "0", "connections of its pool; 0: postgres.max_connections"),
        )+]
    };
}

const SERVICE_KEYS: &[Key] = service_keys!(
    "user",
    "partner",
    "payment",
    "settlement",
    "accounting",
    "notification",
    "reporting",
    "simulator",
    "gateway"
);

const OWN_KEYS: &[Key] = &[Key::new(
    "api_key",
    Kind::Secret,
    "",
    "the key that commands show to the gateway; empty: the one in data_dir/admin.key",
)];

/// Reads the settings from flags, the environment and a file, and fills in the data folder.
pub(crate) fn load(global: &Global) -> Result<Settings, Fault> {
    let services = targets::all();
    // Where a service describes one of the common keys itself, its words count.
    let keys = BASE_KEYS
        .iter()
        .chain(OWN_KEYS)
        .chain(SERVICE_KEYS)
        .chain(kafka::SETTINGS)
        .chain(services.iter().flat_map(|service| service.settings))
        .copied();
    let sources = Sources {
        flags: global.flags(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        file: file(global)?,
    };
    let mut settings = Settings::load(keys, &sources)?;
    settings.fill("data_dir", &default_data_dir()?);
    let bin_dir = sources.environment.get("JEONGSAN_PG_BIN");
    settings.fill("postgres.bin_dir", bin_dir.map_or("", String::as_str));
    Ok(settings)
}

/// The folder of everything that is kept.
pub(crate) fn data_dir(settings: &Settings) -> PathBuf {
    PathBuf::from(settings.text("data_dir"))
}

/// The clock that can be moved; production has none.
pub(crate) fn file_clock(settings: &Settings) -> Option<FileClock> {
    (!settings.is_production()).then(|| FileClock::new(data_dir(settings).join("clock")))
}

/// The clock of the services.
pub(crate) fn clock(settings: &Settings) -> std::sync::Arc<dyn Clock> {
    match file_clock(settings) {
        Some(clock) => std::sync::Arc::new(clock),
        None => std::sync::Arc::new(SystemClock),
    }
}

/// The gateway's address, as this machine reaches it.
pub(crate) fn gateway_url(settings: &Settings) -> String {
    if let Some(url) = settings.given("gateway.url") {
        return url.trim_end_matches('/').to_owned();
    }
    let port = match settings.number("gateway.port") {
        0 => settings.number("ports.base"),
        port => port,
    };
    // A wildcard says where to listen, not whom to call.
    let host = match settings.text("host") {
        "0.0.0.0" | "::" | "[::]" => "127.0.0.1",
        host => host,
    };
    format!("http://{host}:{port}")
}

fn file(global: &Global) -> Result<Option<PathBuf>, Fault> {
    let named = global
        .config
        .clone()
        .or_else(|| std::env::var_os("JEONGSAN_CONFIG").map(PathBuf::from));
    match named {
        Some(path) if path.is_file() => Ok(Some(path)),
        Some(path) => Err(Fault::Settings(format!(
            "there is no file of settings {}; leave --config out, or make the file",
            path.display()
        ))),
        None => Ok(Some(PathBuf::from(FILE)).filter(|path| path.is_file())),
    }
}

/// `$XDG_DATA_HOME/jeongsan`, or `~/.local/share/jeongsan`.
fn default_data_dir() -> Result<String, Fault> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .ok_or_else(|| Fault::Settings("HOME is not set: say --data-dir".to_owned()))?;
    text(&base.join("jeongsan"))
}

/// Settings are text.
pub(crate) fn text(path: &Path) -> Result<String, Fault> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Fault::Settings(format!("{} is not UTF-8: choose another path", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_common_keys() {
        for service in targets::all() {
            for end in ["port", "url", "database_url", "max_connections"] {
                let name = format!("{}.{end}", service.name);
                assert!(SERVICE_KEYS.iter().any(|key| key.name == name), "{name}");
            }
        }
    }

    #[test]
    fn the_gateway_is_found_where_it_listens() {
        for (flags, expected) in [
            (vec![], "http://127.0.0.1:8080"),
            (
                vec![("ports.base", "9000"), ("host", "0.0.0.0")],
                "http://127.0.0.1:9000",
            ),
            (
                vec![("ports.base", "9000"), ("gateway.port", "80")],
                "http://127.0.0.1:80",
            ),
            (vec![("gateway.url", "http://pay.example/")], "http://pay.example"),
        ] {
            let flags = flags
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect();
            let sources = Sources {
                flags,
                ..Sources::default()
            };
            let keys = BASE_KEYS.iter().chain(SERVICE_KEYS).copied();
            assert_eq!(gateway_url(&Settings::load(keys, &sources).unwrap()), expected);
        }
    }
}
