//! Addresses with one host or several, in libpq's form (section 34.1.1.3 of the PostgreSQL manual).

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::PostgresError;

/// One server of an address.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    /// `host:port`, for messages.
    pub(crate) name: String,
    pub(crate) options: PgConnectOptions,
}

/// `postgres://role:password@host1:5432,host2:5432/database`: a database, and the servers of which one is its
/// primary.
///
/// With `?sslmode=verify-full&sslrootcert=/path/ca.pem` behind it, for all of them, connections are encrypted, and only a
/// server is spoken to whose certificate is for its host and from that authority, or from one of the system's. Without,
/// whoever answers is spoken to, encrypted if he can.
#[derive(Debug, Clone)]
pub struct Address {
    pub(crate) hosts: Vec<Host>,
    /// What stands behind the question mark.
    query: String,
}

impl Address {
    /// Reads an address of one host or several.
    ///
    /// # Errors
    /// [`PostgresError::Address`] if it is none.
    pub fn parse(url: &str) -> Result<Self, PostgresError> {
        let fault = |source| PostgresError::Address {
            database: "(unparsed)".into(),
            source,
        };
        let (before, hosts, after) = split(url);
        let query = after.split_once('?').map_or("", |(_, query)| query);
        let mut parsed = Vec::new();
        for host in hosts.split(',') {
            let options: PgConnectOptions = format!("{before}{host}{after}").parse().map_err(fault)?;
            if names_an_authority(query) && !looks_at_certificates(&options) {
                return Err(fault(sqlx::Error::Configuration(UNUSED_AUTHORITY.into())));
            }
            parsed.push(Host {
                name: format!("{}:{}", options.get_host(), options.get_port()),
                options,
            });
        }
        Ok(Self {
            hosts: parsed,
            query: query.to_owned(),
        })
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        self.first()
            .and_then(PgConnectOptions::get_database)
            .unwrap_or("postgres")
    }

    /// The role that it is for.
    pub fn role(&self) -> &str {
        self.first().map_or("", PgConnectOptions::get_username)
    }

    /// `host:port` of every server, in the order of the address.
    pub fn hosts(&self) -> Vec<&str> {
        self.hosts.iter().map(|host| host.name.as_str()).collect()
    }

    /// Whether there are servers to choose from.
    pub fn has_several_hosts(&self) -> bool {
        self.hosts.len() > 1
    }

    /// The address of another database on the same servers, reached in the same way, as another role. A secret.
    pub fn of(&self, database: &str, role: &str, password: &str) -> String {
        let urls: Vec<String> = self
            .hosts
            .iter()
            .map(|host| {
                let options = host.options.clone().username(role).password(password);
                options.database(database).to_url_lossy().to_string()
            })
            .collect();
        let hosts: Vec<&str> = urls.iter().map(|url| split(url).1).collect();
        let (before, _, after) = urls.first().map_or(("", "", ""), |url| split(url));
        let path = after.split_once('?').map_or(after, |(path, _)| path);
        // The driver writes the files of certificates so that it can't read them again: they are taken as they came.
        let how: Vec<&str> = parameters(&self.query)
            .filter(|(name, _)| !WHOM.contains(name))
            .map(|(_, whole)| whole)
            .collect();
        let mark = if how.is_empty() { "" } else { "?" };
        format!("{before}{}{path}{mark}{}", hosts.join(","), how.join("&"))
    }

    fn first(&self) -> Option<&PgConnectOptions> {
        self.hosts.first().map(|host| &host.options)
    }
}

/// The driver takes an authority without a word where it then looks at no certificate.
const UNUSED_AUTHORITY: &str =
    "sslrootcert has a meaning with sslmode=verify-full or sslmode=verify-ca alone";

/// The parameters that say where and as whom, and not how. [`Address::of`] has put them elsewhere.
const WHOM: [&str; 6] = ["host", "hostaddr", "port", "dbname", "user", "password"];

/// The name of each parameter, and the whole of it.
fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| (pair.split_once('=').map_or(pair, |(name, _)| name), pair))
}

fn names_an_authority(query: &str) -> bool {
    parameters(query).any(|(name, _)| ["sslrootcert", "ssl-root-cert", "ssl-ca"].contains(&name))
}

fn looks_at_certificates(options: &PgConnectOptions) -> bool {
    matches!(
        options.get_ssl_mode(),
        PgSslMode::VerifyCa | PgSslMode::VerifyFull
    )
}

/// What stands before the hosts, the hosts, and what stands behind them.
fn split(url: &str) -> (&str, &str, &str) {
    let start = url.find("://").map_or(0, |at| at.saturating_add(3));
    let (scheme, rest) = url.split_at(start);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at(end);
    let hosts = authority.rfind('@').map_or(0, |at| at.saturating_add(1));
    let before = scheme.len().saturating_add(hosts);
    (url.split_at(before).0, authority.split_at(hosts).1, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_one_host_or_several() {
        for (url, hosts) in [
            ("postgres://r:p@a:1/d", vec!["a:1"]),
            ("postgres://r:p@a:1,b:2,c/d", vec!["a:1", "b:2", "c:5432"]),
            (
                "postgres://r:p%40,x@a:1,[::1]:2/d?sslmode=disable",
                vec!["a:1", "[::1]:2"],
            ),
            ("postgres://r:p,q@a/d", vec!["a:5432"]),
            (
                "postgres://r@a,b/d?sslmode=verify-full&sslrootcert=/ca.pem",
                vec!["a:5432", "b:5432"],
            ),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.hosts(), hosts, "{url}");
            assert_eq!((address.database(), address.role()), ("d", "r"), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in [
            "",
            "a,b",
            "postgres://a:x,b/d",
            "postgres://a:1,:/d",
            "postgres://a/d?sslmode=verify_full",
            "postgres://a/d?sslrootcert=/ca.pem",
            "postgres://a,b/d?sslmode=require&sslrootcert=/ca.pem",
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn another_role_s_address_keeps_the_hosts() {
        for hosts in ["a:1", "a:1,b:2,c:3"] {
            let admin = Address::parse(&format!("postgres://postgres:x%40y@{hosts}/postgres")).unwrap();
            let other = Address::parse(&admin.of("userdb", "jeongsan_user", "abc1")).unwrap();
            assert_eq!(other.hosts().join(","), hosts);
            assert_eq!((other.database(), other.role()), ("userdb", "jeongsan_user"));
        }
    }

    #[test]
    fn another_role_s_address_keeps_how_to_connect() {
        let how = "sslmode=verify-full&sslrootcert=/etc/my%20ca.pem&options[search_path]=a";
        for (admin, other) in [
            ("postgres://a:1/postgres", "postgres://r:p@a:1/d"),
            (
                "postgres://postgres:x@a:1,b:2/postgres?",
                "postgres://r:p@a:1,b:2/d",
            ),
            (
                &format!("postgres://postgres@a:1,b:2/postgres?{how}"),
                &format!("postgres://r:p@a:1,b:2/d?{how}"),
            ),
            (
                "postgres://a:1/x?user=u&dbname=d&port=2&host=b&password=q&sslmode=require",
                "postgres://r:p@b:2/d?sslmode=require",
            ),
        ] {
            assert_eq!(Address::parse(admin).unwrap().of("d", "r", "p"), other, "{admin}");
        }
    }
}
