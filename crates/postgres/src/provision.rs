//! Databases and roles: one database a service, owned by a role that can reach no other.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::{PostgresError, primary};

/// The role that `jeongsan verify` works as: it may read every table of every database and change nothing.
pub const READER_ROLE: &str = "jeongsan_reader";

/// A service's database: its name, and the role that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatabaseSpec {
    /// For example `paymentdb`.
    pub name: &'static str,
    /// For example `jeongsan_payment`.
    pub role: &'static str,
}

/// Passwords by role. Only hexadecimal digits and letters are accepted, since `create role` takes no parameters.
pub type RolePasswords = BTreeMap<String, String>;

/// What is to exist on a server.
#[derive(Debug, Clone)]
pub struct Provision<'a> {
    /// An address, of one host or several, with the right to create roles and databases.
    pub admin_url: &'a str,
    /// The databases.
    pub databases: &'a [DatabaseSpec],
    /// A password for every role named in `databases`, and for [`READER_ROLE`].
    pub passwords: &'a RolePasswords,
}

/// Creates what is missing: roles, databases, and the walls between them. Running it again changes nothing but
/// the passwords, which become the given ones.
pub async fn provision(wanted: &Provision<'_>) -> Result<(), PostgresError> {
    let mut admin = primary(wanted.admin_url)
        .await?
        .connect()
        .await
        .map_err(|source| PostgresError::Unreachable {
            database: "the administrator's".into(),
            source,
        })?;
    // Two processes may provision at once: one at a time.
    run(&mut admin, "the lock", "select pg_advisory_lock(73630001)").await?;
    ensure_role(&mut admin, READER_ROLE, wanted.passwords).await?;
    run(
        &mut admin,
        READER_ROLE,
        &format!("grant pg_read_all_data to {READER_ROLE}"),
    )
    .await?;
    for database in wanted.databases {
        ensure_role(&mut admin, database.role, wanted.passwords).await?;
        ensure_database(&mut admin, database).await?;
    }
    let _ = admin.close().await;
    Ok(())
}

async fn ensure_role(
    admin: &mut PgConnection,
    role: &str,
    passwords: &RolePasswords,
) -> Result<(), PostgresError> {
    let password = passwords
        .get(role)
        .filter(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_alphanumeric()))
        .ok_or_else(|| PostgresError::Provisioning {
            what: format!("role {role}"),
            source: sqlx::Error::Configuration("a password of letters and digits is needed".into()),
        })?;
    if !exists(admin, "select 1 from pg_roles where rolname = $1", role).await? {
        run(admin, role, &format!("create role {role} login")).await?;
    }
    run(
        admin,
        role,
        &format!("alter role {role} login password '{password}'"),
    )
    .await
}

async fn ensure_database(admin: &mut PgConnection, database: &DatabaseSpec) -> Result<(), PostgresError> {
    let DatabaseSpec { name, role } = database;
    if !exists(admin, "select 1 from pg_database where datname = $1", name).await? {
        // An administrator who is no superuser can only give a database to a role of which it is a member.
        run(admin, name, &format!("grant {role} to current_user")).await?;
        run(
            admin,
            name,
            &format!("create database {name} owner {role} template template0 encoding 'UTF8'"),
        )
        .await?;
    }
    run(admin, name, &format!("revoke all on database {name} from public")).await?;
    run(
        admin,
        name,
        &format!("grant connect on database {name} to {READER_ROLE}"),
    )
    .await
}

async fn exists(admin: &mut PgConnection, sql: &'static str, name: &str) -> Result<bool, PostgresError> {
    sqlx::query(sql)
        .bind(name)
        .fetch_optional(admin)
        .await
        .map(|row| row.is_some())
        .map_err(|source| PostgresError::Provisioning {
            what: name.to_owned(),
            source,
        })
}

async fn run(admin: &mut PgConnection, what: &str, sql: &str) -> Result<(), PostgresError> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(admin)
        .await
        .map(drop)
        .map_err(|source| PostgresError::Provisioning {
            what: what.to_owned(),
            source,
        })
}
