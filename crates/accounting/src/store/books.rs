//! The table `books`: which months are closed.

use sqlx::PgConnection;

use crate::domain::Month;

/// The last closed month, which stays the last closed one until this transaction ends.
pub(crate) async fn hold_open(conn: &mut PgConnection, book: &str) -> Result<Option<Month>, sqlx::Error> {
    let closed = sqlx::query_scalar!("select closed_through from books where code = $1 for share", book)
        .fetch_one(conn)
        .await?;
    Ok(closed.map(Month::of))
}

/// The last closed month, once every posting under way has ended. New ones wait until this transaction ends.
///
/// A lock of the table, which is granted in the order of asking: a row lock would be overtaken by posting after
/// posting on a busy day.
pub(crate) async fn hold_still(conn: &mut PgConnection, book: &str) -> Result<Option<Month>, sqlx::Error> {
    sqlx::query!("lock table books in exclusive mode")
        .execute(&mut *conn)
        .await?;
    hold_open(conn, book).await
}

/// Closes everything up to the end of that month.
pub(crate) async fn close_through(
    conn: &mut PgConnection,
    book: &str,
    month: Month,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update books set closed_through = $2 where code = $1 and (closed_through is null or closed_through < $2)",
        book,
        month.first_day()
    )
    .execute(conn)
    .await?;
    Ok(())
}
