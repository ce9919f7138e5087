//! The way to the databases: an address that was given, a server that another process of this data folder runs, or
//! one that this process starts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chassis::{Service, Settings};
use embedded::{EmbeddedError, EmbeddedOptions, EmbeddedPostgres};
use postgres::{Address, DatabaseSpec, Provision, RolePasswords, provision};
use sqlx::ConnectOptions as _;

use crate::fault::Fault;
use crate::{roles, secret_file, settings, targets};

/// Where the owner of an embedded server writes the administrator's address.
const URL_FILE: &str = "postgres.url";

/// A PostgreSQL server and the right to make databases on it.
pub(crate) struct Server {
    admin_url: String,
    embedded: Option<EmbeddedPostgres>,
    url_file: PathBuf,
}

impl Server {
    /// The server of `postgres.url`, or the embedded one of the data folder, which is started unless another process
    /// runs it.
    pub(crate) async fn start(settings: &Settings) -> Result<Self, Fault> {
        let url_file = settings::data_dir(settings).join(URL_FILE);
        if let Some(admin_url) = settings.given("postgres.url") {
            make_private(&settings::data_dir(settings))?;
            return Ok(Self {
                admin_url: admin_url.to_owned(),
                embedded: None,
                url_file,
            });
        }
        match start_embedded(settings).await {
            Ok(server) => {
                secret_file::replace(&url_file, &server.admin_url())
                    .map_err(|e| Fault::failed(url_file.display(), &e))?;
                Ok(Self {
                    admin_url: server.admin_url(),
                    embedded: Some(server),
                    url_file,
                })
            }
            // `jeongsan postgres` may run it: then its address is there and answers.
            Err(error @ EmbeddedError::FolderInUse { .. }) => match running(settings).await {
                Some(admin_url) => Ok(Self {
                    admin_url,
                    embedded: None,
                    url_file,
                }),
                None => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// The administrator's address. A secret.
    pub(crate) fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// Where an embedded server comes from, its version and port; none where it is not ours.
    pub(crate) fn describe(&self) -> Option<String> {
        let server = self.embedded.as_ref()?;
        let (version, port, origin) = (server.version(), server.port(), server.origin());
        Some(format!("PostgreSQL {version} on port {port} ({origin})"))
    }

    /// Returns when an embedded server is down for good, which it should not be; never where it is not ours.
    pub(crate) async fn lost(&mut self) {
        match &mut self.embedded {
            Some(server) => {
                let state = server.exited().await;
                tracing::error!(?state, "the database server is gone");
            }
            None => std::future::pending().await,
        }
    }

    /// Stops an embedded server that is ours.
    pub(crate) async fn stop(self) -> Result<(), Fault> {
        if let Some(server) = self.embedded {
            let _gone_already = std::fs::remove_file(&self.url_file);
            server.stop().await?;
        }
        Ok(())
    }
}

/// The administrator's address, where there is one: given, or of a server that runs in this data folder.
pub(crate) async fn admin_url(settings: &Settings) -> Option<String> {
    match settings.given("postgres.url") {
        Some(url) => Some(url.to_owned()),
        None => running(settings).await,
    }
}

/// Makes the databases of `services` where an administrator's address is there, and returns the address of each one.
pub(crate) async fn databases(
    settings: &Settings,
    admin_url: Option<&str>,
    services: &[Service],
) -> Result<BTreeMap<&'static str, String>, Fault> {
    let mut addresses = BTreeMap::new();
    let mut to_make = Vec::new();
    for service in services {
        let Some(database) = service.database else {
            continue;
        };
        match settings.given(&format!("{}.database_url", service.name)) {
            Some(url) => {
                addresses.insert(service.name, url.to_owned());
            }
            None => to_make.push((service.name, database.spec)),
        }
    }
    let Some(&(first, _)) = to_make.first() else {
        return Ok(addresses);
    };
    let admin_url = admin_url.ok_or_else(|| {
        Fault::Settings(format!(
            "no database for {first}: set postgres.url or {first}.database_url, or start `jeongsan postgres` or \
             `jeongsan up` on the same data folder"
        ))
    })?;
    let passwords = passwords(settings)?;
    let specs: Vec<_> = to_make.iter().map(|(_, spec)| *spec).collect();
    provision(&Provision {
        admin_url,
        databases: &specs,
        passwords: &passwords,
    })
    .await?;
    for (name, spec) in to_make {
        addresses.insert(name, role_url(admin_url, &spec, spec.role, &passwords)?);
    }
    Ok(addresses)
}

/// The addresses of all databases that can be reached, best as the role that may only read. Makes nothing.
pub(crate) async fn readable(settings: &Settings) -> Result<BTreeMap<&'static str, String>, Fault> {
    let admin_url = admin_url(settings).await;
    let passwords = passwords(settings);
    let mut addresses = BTreeMap::new();
    for service in targets::all() {
        let Some(database) = service.database else {
            continue;
        };
        if let Some(url) = settings.given(&format!("{}.database_url", service.name)) {
            addresses.insert(service.name, url.to_owned());
        } else if let (Some(admin_url), Ok(passwords)) = (&admin_url, &passwords) {
            let url = role_url(admin_url, &database.spec, postgres::READER_ROLE, passwords)?;
            addresses.insert(service.name, url);
        }
    }
    Ok(addresses)
}

/// The embedded server of the data folder, owned by this process.
pub(crate) async fn start_embedded(settings: &Settings) -> Result<EmbeddedPostgres, EmbeddedError> {
    let mut options = EmbeddedOptions::new(settings::data_dir(settings));
    options.bin_dir = settings.given("postgres.bin_dir").map(PathBuf::from);
    EmbeddedPostgres::start(options).await
}

/// The administrator's address of a server that another process runs in this data folder.
async fn running(settings: &Settings) -> Option<String> {
    let path = settings::data_dir(settings).join(URL_FILE);
    let url = std::fs::read_to_string(path).ok()?.trim().to_owned();
    // The file of an owner that was killed names a server that is gone.
    let options = postgres::primary(&url).await.ok()?;
    options.connect().await.ok().map(|_| url)
}

fn passwords(settings: &Settings) -> Result<RolePasswords, Fault> {
    roles::passwords(&settings::data_dir(settings), &targets::all())
}

fn role_url(
    admin_url: &str,
    database: &DatabaseSpec,
    role: &str,
    passwords: &RolePasswords,
) -> Result<String, Fault> {
    let address = Address::parse(admin_url)
        .map_err(|e| Fault::Settings(format!("postgres.url is no address of a PostgreSQL: {e}")))?;
    let password = passwords.get(role).map_or("", String::as_str);
    Ok(address.of(database.name, role, password))
}

/// Makes the data folder for its owner alone. An embedded server makes it itself, since it may run as another user.
fn make_private(data_dir: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .map_err(|e| Fault::failed(format!("cannot make {}", data_dir.display()), &e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_s_address_keeps_the_server_s() {
        let spec = DatabaseSpec {
            name: "userdb",
            role: "jeongsan_user",
        };
        let passwords = RolePasswords::from([("jeongsan_user".to_owned(), "abc1".to_owned())]);
        let url = role_url(
            "postgres://postgres:x%40y@db.example:6000,two.example:6001/postgres",
            &spec,
            spec.role,
            &passwords,
        );
        let address = Address::parse(&url.unwrap()).unwrap();
        assert_eq!(address.hosts(), ["db.example:6000", "two.example:6001"]);
        assert_eq!((address.database(), address.role()), ("userdb", "jeongsan_user"));
    }
}
