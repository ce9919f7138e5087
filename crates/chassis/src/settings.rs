//! Settings: from flags, the environment and a file, in that order, each value with its origin.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// What a setting may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Text that is never shown.
    Secret,
    /// A whole number, 0 or more.
    Number,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// A setting that exists.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Dotted, for example `postgres.url`. In the environment: `JEONGSAN_POSTGRES_URL`.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Its value where nothing else is said.
    pub default: &'static str,
    /// What it is for, with its unit.
    pub doc: &'static str,
}

impl Key {
    /// A key of that name.
    pub const fn new(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            default,
            doc,
        }
    }

    fn env(&self) -> String {
        format!("JEONGSAN_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }

    fn check(&self, value: &str) -> Result<(), String> {
        match self.kind {
            Kind::Text | Kind::Secret => Ok(()),
            Kind::Number => value
                .parse::<u64>()
                .map(drop)
                .map_err(|_| "give a whole number, 0 or more".into()),
            Kind::Flag => value
                .parse::<bool>()
                .map(drop)
                .map_err(|_| "give true or false".into()),
            Kind::OneOf(words) if words.contains(&value) => Ok(()),
            Kind::OneOf(words) => Err(format!("give one of: {}", words.join(", "))),
        }
    }
}

/// The settings that every process has; services add their own.
pub const BASE_KEYS: &[Key] = &[
    Key::new(
        "environment",
        Kind::OneOf(&["development", "production"]),
        "development",
        "production refuses test clocks and test tokens",
    ),
    Key::new(
        "data_dir",
        Kind::Text,
        "",
        "where the embedded database, keys and journals live",
    ),
    Key::new("host", Kind::Text, "127.0.0.1", "the address to listen on"),
    Key::new(
        "ports.base",
        Kind::Number,
        "8080",
        "the gateway's port; the other services follow in their order",
    ),
    Key::new(
        "log.format",
        Kind::OneOf(&["auto", "json", "text"]),
        "auto",
        "json is the Elastic Common Schema; auto is text on a terminal",
    ),
    Key::new(
        "log.filter",
        Kind::Text,
        "info,sqlx=warn",
        "which log lines, in the syntax of RUST_LOG",
    ),
    Key::new(
        "postgres.url",
        Kind::Secret,
        "",
        "the server, as an administrator; several with commas: host1:port,host2:port; for TLS \
         ?sslmode=verify-full&sslrootcert=/path/ca.pem, which goes for the services' addresses too; empty: an embedded one",
    ),
    Key::new(
        "postgres.bin_dir",
        Kind::Text,
        "",
        "where the embedded server's programs are; empty: installed, else downloaded",
    ),
    Key::new(
        "postgres.max_connections",
        Kind::Number,
        "0",
        "connections of each service's pool, 2 or more; 0: a fair share of the server's, at most 8",
    ),
    Key::new(
        "postgres.server_connections",
        Kind::Number,
        "200",
        "max_connections of the server, which all services and their copies share",
    ),
    Key::new(
        "postgres.copies",
        Kind::Number,
        "1",
        "copies of each service that run at the same time",
    ),
    Key::new(
        "postgres.lag_limit_ms",
        Kind::Number,
        "5000",
        "how old what reports read from a replica may be; 0: they read from the primary",
    ),
    Key::new(
        "lease.length_ms",
        Kind::Number,
        "5000",
        "how long a copy that died keeps the others from what only one may do; 500 or more",
    ),
    Key::new(
        "cache.url",
        Kind::Secret,
        "",
        "the Redis of the cache, or its sentinels (redis+sentinel://...), of this installation alone; for TLS rediss, \
         and ?ca_file=/path/ca.pem for an authority of one's own; empty: in memory",
    ),
    Key::new(
        "shutdown.limit_ms",
        Kind::Number,
        "10000",
        "how long a stopping process finishes what it began",
    ),
    Key::new(
        "http.body_limit",
        Kind::Number,
        "2097152",
        "the largest request body, in bytes",
    ),
    Key::new(
        "http.timeout_ms",
        Kind::Number,
        "30000",
        "how long a service works on one request",
    ),
];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing was said.
    Default,
    /// The file of settings.
    File(String),
    /// That environment variable.
    Environment(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A setting with its value.
#[derive(Debug, Clone)]
pub struct Setting {
    /// What it is.
    pub key: Key,
    /// Its value, `***` in place of a secret that is set.
    pub shown: String,
    /// Where that comes from.
    pub origin: Origin,
}

/// What is not right in the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No setting has this name.
    #[error(
        "{origin}: there is no setting {name}; did you mean {nearest}? Without it, `jeongsan config show` lists them all"
    )]
    Unknown {
        /// The name.
        name: String,
        /// The setting whose name is most like it.
        nearest: &'static str,
        /// Where it stands.
        origin: Origin,
    },
    /// The value is not allowed.
    #[error("{origin}: {name} = {value:?}: {reason}")]
    Invalid {
        /// The setting.
        name: &'static str,
        /// The value.
        value: String,
        /// Where it stands.
        origin: Origin,
        /// How to mend it.
        reason: String,
    },
    /// The file can't be read.
    #[error("cannot read the settings in {path}: {reason}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
}

/// Where settings may come from.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    /// From the command line, by name.
    pub flags: Vec<(String, String)>,
    /// The process's environment.
    pub environment: BTreeMap<String, String>,
    /// A TOML file: tables are the part before the dot.
    pub file: Option<std::path::PathBuf>,
}

/// The settings of a process.
#[derive(Debug, Clone)]
pub struct Settings {
    values: BTreeMap<&'static str, (Key, String, Origin)>,
}

impl Settings {
    /// Reads the settings. Every value is checked here, so that later reads can't fail.
    pub fn load(keys: impl IntoIterator<Item = Key>, sources: &Sources) -> Result<Self, SettingsError> {
        let mut settings = Self {
            values: BTreeMap::new(),
        };
        for key in keys {
            settings
                .values
                .insert(key.name, (key, key.default.to_owned(), Origin::Default));
        }
        if let Some(path) = &sources.file {
            for (name, value) in read_file(path)? {
                settings.put(&name, value, Origin::File(path.display().to_string()))?;
            }
        }
        let keys: Vec<Key> = settings.values.values().map(|(key, ..)| *key).collect();
        for key in keys {
            let name = key.env();
            if let Some(value) = sources.environment.get(&name) {
                settings.put(key.name, value.clone(), Origin::Environment(name))?;
            }
        }
        for (name, value) in &sources.flags {
            settings.put(name, value.clone(), Origin::Flag)?;
        }
        Ok(settings)
    }

    fn nearest(&self, name: &str) -> &'static str {
        let distance = |known: &&&'static str| strsim::damerau_levenshtein(known, name);
        self.values.keys().min_by_key(distance).copied().unwrap_or("")
    }

    fn put(&mut self, name: &str, value: String, origin: Origin) -> Result<(), SettingsError> {
        let Some(entry) = self.values.get_mut(name) else {
            return Err(SettingsError::Unknown {
                name: name.to_owned(),
                nearest: self.nearest(name),
                origin,
            });
        };
        if let Err(reason) = entry.0.check(&value) {
            return Err(SettingsError::Invalid {
                name: entry.0.name,
                value,
                origin,
                reason,
            });
        }
        entry.1 = value;
        entry.2 = origin;
        Ok(())
    }

    /// A value that some part of the process found out by itself, such as a folder; only where nothing was said.
    pub fn fill(&mut self, name: &str, value: &str) {
        if let Some(entry) = self.values.get_mut(name)
            && entry.1.is_empty()
        {
            value.clone_into(&mut entry.1);
        }
    }

    /// The text of a setting; empty where there is no such setting.
    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |(_, value, _)| value.as_str())
    }

    /// The text of a setting, none where it is empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A number.
    pub fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// A flag.
    pub fn flag(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// Whether this is a production installation.
    pub fn is_production(&self) -> bool {
        self.text("environment") == "production"
    }

    /// All settings, by name, for showing.
    pub fn all(&self) -> Vec<Setting> {
        self.values
            .values()
            .map(|(key, value, origin)| {
                let hidden = key.kind == Kind::Secret && !value.is_empty();
                let shown = if hidden { "***".to_owned() } else { value.clone() };
                Setting {
                    key: *key,
                    shown,
                    origin: origin.clone(),
                }
            })
            .collect()
    }
}

fn read_file(path: &Path) -> Result<Vec<(String, String)>, SettingsError> {
    let fault = |reason: String| SettingsError::File {
        path: path.display().to_string(),
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|e| fault(e.to_string()))?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| fault(e.to_string()))?;
    let mut found = Vec::new();
    flatten("", &table, &mut found).map_err(fault)?;
    Ok(found)
}

fn flatten(prefix: &str, table: &toml::Table, found: &mut Vec<(String, String)>) -> Result<(), String> {
    for (name, value) in table {
        let name = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            toml::Value::Table(inner) => flatten(&name, inner, found)?,
            toml::Value::String(text) => found.push((name, text.clone())),
            toml::Value::Integer(number) => found.push((name, number.to_string())),
            toml::Value::Boolean(flag) => found.push((name, flag.to_string())),
            _ => return Err(format!("{name}: give a text, a number, or true or false")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[Key] = &[
        Key::new("a.text", Kind::Text, "d", ""),
        Key::new("a.number", Kind::Number, "1", ""),
    ];

    fn load(
        file: &str,
        environment: &[(&str, &str)],
        flags: &[(&str, &str)],
    ) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, file).unwrap();
        let own = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(a, b)| ((*a).into(), (*b).into()))
                .collect::<Vec<_>>()
        };
        let sources = Sources {
            flags: own(flags),
            environment: own(environment).into_iter().collect(),
            file: Some(path),
        };
        Settings::load(KEYS.iter().copied(), &sources)
    }

    #[test]
    fn a_flag_beats_the_environment_and_that_beats_the_file() {
        let file = "[a]\ntext = 'file'";
        let env = [("JEONGSAN_A_TEXT", "env")];
        assert_eq!(load("", &[], &[]).unwrap().text("a.text"), "d");
        assert_eq!(load(file, &[], &[]).unwrap().text("a.text"), "file");
        assert_eq!(load(file, &env, &[]).unwrap().text("a.text"), "env");
        let all = load(file, &env, &[("a.text", "flag")]).unwrap();
        assert_eq!(all.text("a.text"), "flag");
        assert_eq!(
            all.all().iter().find(|s| s.key.name == "a.text").unwrap().origin,
            Origin::Flag
        );
    }

    #[test]
    fn what_is_not_allowed_is_refused_with_its_place() {
        for (file, env, says) in [
            ("[a]\ntxt = 'x'", None, "a.txt"),
            ("[a]\nnumber = 'x'", None, "whole number"),
            ("", Some(("JEONGSAN_A_NUMBER", "-1")), "JEONGSAN_A_NUMBER"),
            ("[a", None, "settings.toml"),
        ] {
            let env: Vec<_> = env.into_iter().collect();
            let error = load(file, &env, &[]).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
