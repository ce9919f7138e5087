//! The table `user_roles`.

use contracts::Role;
use ids::UserId;
use sqlx::{PgConnection, PgPool};

use crate::domain::roles::{self, Granted};

/// Gives a user these roles and no others.
pub(crate) async fn replace(
    conn: &mut PgConnection,
    user: UserId,
    granted: &Granted,
) -> Result<(), sqlx::Error> {
    let texts = granted.texts();
    sqlx::query!(
        "delete from user_roles where user_id = $1 and role <> all($2)",
        user.as_uuid(),
        &texts
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into user_roles (user_id, role) select $1, role from unnest($2::text[]) as wanted (role)
         on conflict on constraint user_roles_pk do nothing",
        user.as_uuid(),
        &texts
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The roles of a user.
pub(crate) async fn of(pool: &PgPool, user: UserId) -> Result<Vec<Role>, sqlx::Error> {
    let texts = sqlx::query_scalar!(
        "select role from user_roles where user_id = $1 order by role",
        user.as_uuid()
    )
    .fetch_all(pool)
    .await?;
    Ok(roles::from_texts(&texts))
}
