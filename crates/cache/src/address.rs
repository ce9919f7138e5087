//! Where the cache is: an address in one line, read once.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use telemetry::Secret;

/// Redis listens here where nothing else is said.
const REDIS_PORT: u16 = 6379;
/// And its sentinels here.
const SENTINEL_PORT: u16 = 26379;

/// What an address may look like, for messages.
const FORMS: &str = "write redis://:password@host:port/db, rediss://... for TLS, or \
                     redis+sentinel://:password@host1:26379,host2:26379,host3:26379/MASTER?db=0 (rediss+sentinel://... \
                     for TLS); ?ca_file=/path/ca.pem names the authority whose certificates are trusted";

/// Why an address is none. The text never shows the address, since it can hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Another scheme, or none.
    #[error("the address of the cache starts with none of the known schemes; {FORMS}")]
    Scheme,
    /// No host, or an empty one.
    #[error("the address of the cache names no host, or an empty one; {FORMS}")]
    Host,
    /// Several hosts without sentinels.
    #[error(
        "the address of the cache names several hosts; several sentinels start with redis+sentinel://; {FORMS}"
    )]
    Several,
    /// Not a port.
    #[error("a port in the address of the cache is not a number from 1 to 65535; {FORMS}")]
    Port,
    /// Sentinels without the name of what they watch.
    #[error("the address of the cache does not say what the sentinels call the master; {FORMS}")]
    Master,
    /// Not a database.
    #[error("the database in the address of the cache is not a number, 0 or more; {FORMS}")]
    Database,
    /// Something behind the question mark that has no meaning.
    #[error(
        "the address of the cache has an option that is none of db, sentinel_password and ca_file; {FORMS}"
    )]
    Option,
    /// An authority for connections that are not encrypted.
    #[error("the address of the cache names a ca_file, and no TLS; {FORMS}")]
    Authority,
    /// An escape that stands for no text.
    #[error("the user or password in the address of the cache is not UTF-8 once its % escapes are read")]
    Escape,
}

/// The address of a Redis, or of the sentinels that know where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Whom to ask.
    pub(crate) place: Place,
    /// Whether connections are encrypted, those to sentinels too.
    pub(crate) tls: bool,
    /// The certificate, in PEM, of the authority that alone is trusted then. None: those of the system are.
    pub(crate) ca_file: Option<PathBuf>,
    /// Who we are; empty: the default user.
    pub(crate) user: String,
    /// The servers' password; empty: none.
    pub(crate) password: Secret<String>,
    /// The number of the database.
    pub(crate) database: i64,
}

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// This server.
    Server(Endpoint),
    /// These sentinels, for the master.
    Sentinels {
        /// Where they are.
        sentinels: Vec<Endpoint>,
        /// What they call the master.
        master: String,
        /// Their own password; empty: none.
        password: Secret<String>,
    },
}

/// A host and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl std::str::FromStr for Address {
    type Err = AddressError;

    /// Reads `redis://`, `rediss://`, `redis+sentinel://` and `rediss+sentinel://`.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        let (tls, watched) = match scheme {
            "redis" => (false, false),
            "rediss" => (true, false),
            "redis+sentinel" => (false, true),
            "rediss+sentinel" => (true, true),
            _ => return Err(AddressError::Scheme),
        };
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let options = Options::read(options)?;
        if options.ca_file.is_some() && !tls {
            return Err(AddressError::Authority);
        }
        let port = if watched { SENTINEL_PORT } else { REDIS_PORT };
        let endpoints: Vec<_> = hosts
            .split(',')
            .map(|host| endpoint(host, port))
            .collect::<Result<_, _>>()?;
        let (place, database) = if watched {
            if path.is_empty() {
                return Err(AddressError::Master);
            }
            let place = Place::Sentinels {
                sentinels: endpoints,
                master: decoded(path)?,
                password: Secret::new(options.sentinel_password),
            };
            (place, options.database)
        } else {
            let [server] = <[Endpoint; 1]>::try_from(endpoints).map_err(|_| AddressError::Several)?;
            let in_path = Some(path).filter(|path| !path.is_empty());
            let database = in_path.map(database).transpose()?;
            (Place::Server(server), database.or(options.database))
        };
        Ok(Self {
            place,
            tls,
            ca_file: options.ca_file,
            user: decoded(user)?,
            password: Secret::new(decoded(password)?),
            database: database.unwrap_or(0),
        })
    }
}

/// What stands behind the question mark.
#[derive(Default)]
struct Options {
    database: Option<i64>,
    sentinel_password: String,
    ca_file: Option<PathBuf>,
}

impl Options {
    fn read(text: &str) -> Result<Self, AddressError> {
        let mut options = Self::default();
        for option in text.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("db", number)) => options.database = Some(database(number)?),
                Some(("sentinel_password", password)) => options.sentinel_password = decoded(password)?,
                Some(("ca_file", path)) if !path.is_empty() => options.ca_file = Some(decoded(path)?.into()),
                _ => return Err(AddressError::Option),
            }
        }
        Ok(options)
    }
}

fn endpoint(text: &str, usual_port: u16) -> Result<Endpoint, AddressError> {
    // An IPv6 address stands in brackets, since it has colons of its own.
    let (host, port) = match text.strip_prefix('[') {
        Some(inner) => inner.split_once(']').ok_or(AddressError::Host)?,
        None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
    };
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(AddressError::Host);
    }
    let port = match port.strip_prefix(':') {
        Some(port) => port
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or(AddressError::Port)?,
        None if port.is_empty() => usual_port,
        None => return Err(AddressError::Port),
    };
    Ok(Endpoint {
        host: host.to_owned(),
        port,
    })
}

fn database(text: &str) -> Result<i64, AddressError> {
    let number: u16 = text.parse().map_err(|_| AddressError::Database)?;
    Ok(number.into())
}

fn decoded(text: &str) -> Result<String, AddressError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| AddressError::Escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Endpoint {
        Endpoint {
            host: host.into(),
            port,
        }
    }

    #[test]
    fn a_plain_server_is_read() {
        for (text, server, tls, user, password, database) in [
            ("redis://cache", at("cache", 6379), false, "", "", 0),
            (
                "redis://:p%40ss%2F:x@10.0.0.1:7000/3",
                at("10.0.0.1", 7000),
                false,
                "",
                "p@ss/:x",
                3,
            ),
            (
                "rediss://me:secret@[::1]:6380",
                at("::1", 6380),
                true,
                "me",
                "secret",
                0,
            ),
            ("redis://[::1]/", at("::1", 6379), false, "", "", 0),
            ("redis://a@b:c@host?db=2", at("host", 6379), false, "a@b", "c", 2),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.place, Place::Server(server), "{text}");
            assert_eq!((address.tls, address.user.as_str()), (tls, user), "{text}");
            assert_eq!(address.password.reveal(), password, "{text}");
            assert_eq!(address.database, database, "{text}");
        }
    }

    #[test]
    fn sentinels_are_read() {
        let text = "redis+sentinel://:pw@a,b:7000,[::1]:7001/orders?db=4&sentinel_password=x%26y";
        let address: Address = text.parse().unwrap();
        let place = Place::Sentinels {
            sentinels: vec![at("a", 26379), at("b", 7000), at("::1", 7001)],
            master: "orders".into(),
            password: Secret::new("x&y".into()),
        };
        assert_eq!(address.place, place);
        assert_eq!((address.password.reveal().as_str(), address.database), ("pw", 4));
        assert!("rediss+sentinel://a/m".parse::<Address>().unwrap().tls);
    }

    #[test]
    fn an_authority_is_read() {
        for (text, ca_file) in [
            ("rediss://a", None),
            ("rediss://a/1?ca_file=/etc/my%20ca.pem", Some("/etc/my ca.pem")),
            ("rediss+sentinel://a/m?db=1&ca_file=ca.pem", Some("ca.pem")),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.ca_file, ca_file.map(Into::into), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_its_fault() {
        for (text, error) in [
            ("", AddressError::Scheme),
            ("localhost:6379", AddressError::Scheme),
            ("http://localhost", AddressError::Scheme),
            ("redis://", AddressError::Host),
            ("redis://:secret@", AddressError::Host),
            ("redis://[::1", AddressError::Host),
            ("redis://a,b", AddressError::Several),
            ("redis://a:0", AddressError::Port),
            ("redis://a:70000", AddressError::Port),
            ("redis://a:secret", AddressError::Port),
            ("redis://[::1]6379", AddressError::Port),
            ("redis+sentinel://a,,b/m", AddressError::Host),
            ("redis+sentinel://a", AddressError::Master),
            ("redis+sentinel://a/?db=1", AddressError::Master),
            ("redis://a/one", AddressError::Database),
            ("redis://a/-1", AddressError::Database),
            ("redis+sentinel://a/m?db=x", AddressError::Database),
            ("redis://a?timeout=1", AddressError::Option),
            ("rediss://a?ca_file=", AddressError::Option),
            ("redis://a?ca_file=/ca.pem", AddressError::Authority),
            ("redis+sentinel://a/m?ca_file=/ca.pem", AddressError::Authority),
            ("redis://:%ff@a", AddressError::Escape),
        ] {
            let refused = text.parse::<Address>().unwrap_err();
            assert_eq!(refused, error, "{text}");
            assert!(!refused.to_string().contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let address: Address = "redis+sentinel://:hidden@a/m?sentinel_password=hidden"
            .parse()
            .unwrap();
        assert!(!format!("{address:?}").contains("hidden"));
    }
}
