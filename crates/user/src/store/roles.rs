//! The table `roles`, filled by a migration.

use sqlx::PgPool;

/// A role that can be given.
pub(crate) struct RoleRow {
    pub(crate) name: String,
    pub(crate) description: String,
}

/// All roles, by name.
pub(crate) async fn all(pool: &PgPool) -> Result<Vec<RoleRow>, sqlx::Error> {
    sqlx::query_as!(RoleRow, "select name, description from roles order by name")
        .fetch_all(pool)
        .await
}
