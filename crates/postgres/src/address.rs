//! Addresses with one host or several, in libpq's form (section 34.1.1.3 of the PostgreSQL manual).

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

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
#[derive(Debug, Clone)]
pub struct Address {
    pub(crate) hosts: Vec<Host>,
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
        let mut parsed = Vec::new();
        for host in hosts.split(',') {
            let options: PgConnectOptions = format!("{before}{host}{after}").parse().map_err(fault)?;
            parsed.push(Host {
                name: format!("{}:{}", options.get_host(), options.get_port()),
                options,
            });
        }
        Ok(Self { hosts: parsed })
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

    /// The address of another database on the same servers, as another role. A secret.
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
        format!("{before}{}{after}", hosts.join(","))
    }

    fn first(&self) -> Option<&PgConnectOptions> {
        self.hosts.first().map(|host| &host.options)
    }
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
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.hosts(), hosts, "{url}");
            assert_eq!((address.database(), address.role()), ("d", "r"), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for url in ["", "a,b", "postgres://a:x,b/d", "postgres://a:1,:/d"] {
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
}
