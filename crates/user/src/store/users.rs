//! The table `users`.

use chrono::{DateTime, Utc};
use contracts::Role;
use ids::UserId;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::login::Login;
use crate::domain::roles;

/// A user without the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) roles: Vec<Role>,
    pub(crate) active: bool,
    pub(crate) version: i32,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    login: String,
    name: String,
    roles: Vec<String>,
    active: bool,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for User {
    fn from(row: Row) -> Self {
        Self {
            id: UserId::from_uuid(row.id),
            login: row.login,
            name: row.name,
            roles: roles::from_texts(&row.roles),
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// What a login is checked against.
pub(crate) struct Lock {
    pub(crate) id: UserId,
    pub(crate) password_hash: String,
}

/// Adds a user. A login that is taken violates `users_login_taken`.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    id: UserId,
    login: &Login,
    name: &str,
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into users (id, login, name, password_hash, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
        id.as_uuid(),
        login.as_str(),
        name,
        password_hash,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The user of that id.
pub(crate) async fn get(conn: &mut PgConnection, id: UserId) -> Result<Option<User>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, login, name, active, version, created_at, updated_at,
                  array(select role from user_roles r where r.user_id = u.id order by role) as "roles!"
             from users u where id = $1"#,
        id.as_uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(User::from))
}

/// The present version of a user.
pub(crate) async fn version(pool: &PgPool, id: UserId) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!("select version from users where id = $1", id.as_uuid())
        .fetch_optional(pool)
        .await
}

/// Users before `last`, newest first.
pub(crate) async fn page(pool: &PgPool, last: Option<Uuid>, limit: i64) -> Result<Vec<User>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, login, name, active, version, created_at, updated_at,
                  array(select role from user_roles r where r.user_id = u.id order by role) as "roles!"
             from users u where $1::uuid is null or id < $1 order by id desc limit $2"#,
        last,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// What the password of an active user is checked against.
pub(crate) async fn lock_of(pool: &PgPool, login: &Login) -> Result<Option<Lock>, sqlx::Error> {
    let row = sqlx::query!(
        "select id, password_hash from users where login = $1 and active",
        login.as_str()
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Lock {
        id: UserId::from_uuid(row.id),
        password_hash: row.password_hash,
    }))
}

/// Locks a user and all active administrators, in the order of their ids: of two who demote each other at once, one
/// waits and then sees what the other did. Sessions may be added meanwhile.
pub(crate) async fn lock_with_administrators(conn: &mut PgConnection, id: UserId) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!(
        "select id from users u
          where id = $1
             or (active and exists (select from user_roles r where r.user_id = u.id and r.role = 'administrator'))
          order by id for no key update",
        id.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// Whether an active administrator is left.
pub(crate) async fn has_administrator(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from users u join user_roles r on r.user_id = u.id
                           where u.active and r.role = 'administrator') as "has!""#
    )
    .fetch_one(conn)
    .await
}

/// Whether there is any user at all.
pub(crate) async fn is_empty(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select not exists (select from users) as "empty!""#)
        .fetch_one(conn)
        .await
}

/// Writes what is given, leaves the rest, and counts the version on. False where there is no such user.
pub(crate) async fn change(
    conn: &mut PgConnection,
    id: UserId,
    name: Option<&str>,
    active: Option<bool>,
    password_hash: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update users
            set name = coalesce($2, name), active = coalesce($3, active),
                password_hash = coalesce($4, password_hash), version = version + 1, updated_at = $5
          where id = $1",
        id.as_uuid(),
        name,
        active,
        password_hash,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps two copies of the service from making the first administrator both, until the transaction ends.
pub(crate) async fn lock_first_start(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock(73630101)")
        .execute(conn)
        .await?;
    Ok(())
}
