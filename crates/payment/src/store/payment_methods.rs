//! The table `payment_methods`: means of payment that callers added, and tokens that were only seen in payments.

mod seen;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use ids::PaymentMethodId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::payments::Columns;
use super::reading::tender_kind;
use super::word;
use crate::domain::{Details, Method, NewMethod, Token};

pub use seen::{Means, remember, remember_route};

/// A row. Without a holder nobody added it.
struct Row {
    payment_method_id: Uuid,
    connector: String,
    kind: String,
    holder_reference: Option<String>,
    brand: Option<String>,
    last_four: Option<String>,
    expires_on: Option<NaiveDate>,
    is_default: bool,
    created_at: DateTime<Utc>,
    detached_at: Option<DateTime<Utc>>,
}

impl Row {
    /// The method; none where nobody added it.
    fn method(self) -> Result<Option<Method>, sqlx::Error> {
        let Some(holder_reference) = self.holder_reference else {
            return Ok(None);
        };
        Ok(Some(Method {
            id: PaymentMethodId::from_uuid(self.payment_method_id),
            connector: word(&self.connector)?,
            kind: tender_kind(&self.kind)?,
            details: Details {
                holder_reference,
                brand: self.brand,
                last_four: self.last_four,
                expires_on: self.expires_on,
            },
            is_default: self.is_default,
            created_at: self.created_at,
            detached_at: self.detached_at,
        }))
    }
}

/// Adds a method; false where the caller's token is known already.
pub async fn insert(
    conn: &mut PgConnection,
    caller: &str,
    id: PaymentMethodId,
    new: &NewMethod,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at, holder_reference,
                                      brand, last_four, expires_on)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict on constraint payment_methods_token do nothing",
        id.as_uuid(),
        caller,
        new.connector.as_str(),
        new.kind.as_str(),
        &*new.token as &str,
        now,
        new.details.holder_reference,
        new.details.brand,
        new.details.last_four,
        new.details.expires_on
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What the caller's token is known as, locked: its name, and the method where it was added.
pub async fn lock_token(
    conn: &mut PgConnection,
    caller: &str,
    new: &NewMethod,
) -> Result<Option<(PaymentMethodId, Option<Method>)>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select payment_method_id, connector, kind, holder_reference, brand, last_four, expires_on, is_default,
                created_at, detached_at
           from payment_methods
          where caller = $1 and connector = $2 and kind = $3 and token = $4
            for update",
        caller,
        new.connector.as_str(),
        new.kind.as_str(),
        &*new.token as &str
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((PaymentMethodId::from_uuid(row.payment_method_id), row.method()?)))
        .transpose()
}

/// Gives details to a token that was only seen so far; whoever calls this has locked it.
pub async fn attach(
    conn: &mut PgConnection,
    id: PaymentMethodId,
    details: &Details,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payment_methods set holder_reference = $2, brand = $3, last_four = $4, expires_on = $5
          where payment_method_id = $1 and holder_reference is null",
        id.as_uuid(),
        details.holder_reference,
        details.brand,
        details.last_four,
        details.expires_on
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The caller's methods of these names, those that were detached too, each with its token.
pub async fn these(
    conn: &mut PgConnection,
    caller: &str,
    ids: &[PaymentMethodId],
) -> Result<HashMap<PaymentMethodId, (Method, Token)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select payment_method_id, connector, kind, holder_reference, brand, last_four, expires_on, is_default,
                created_at, detached_at, token
           from payment_methods
          where payment_method_id = any($1) and caller = $2 and holder_reference is not null",
        &Columns(ids).of(|id| id.as_uuid()),
        caller
    )
    .fetch_all(conn)
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let token = Token::new(row.token);
        let row = Row {
            payment_method_id: row.payment_method_id,
            connector: row.connector,
            kind: row.kind,
            holder_reference: row.holder_reference,
            brand: row.brand,
            last_four: row.last_four,
            expires_on: row.expires_on,
            is_default: row.is_default,
            created_at: row.created_at,
            detached_at: row.detached_at,
        };
        if let Some(method) = row.method()? {
            found.insert(method.id, (method, token));
        }
    }
    Ok(found)
}

/// At most `limit` of the caller's attached methods that are older than `before`, newest first.
pub async fn list(
    conn: &mut PgConnection,
    caller: &str,
    holder_reference: Option<&str>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Method>, sqlx::Error> {
    // A query for each index: one for both would be planned once, without the holder.
    let rows = if let Some(holder_reference) = holder_reference {
        sqlx::query_as!(
            Row,
            "select payment_method_id, connector, kind, holder_reference, brand, last_four, expires_on, is_default,
                    created_at, detached_at
               from payment_methods
              where caller = $1 and holder_reference = $2 and detached_at is null
                and payment_method_id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
              order by payment_method_id desc limit $4",
            caller,
            holder_reference,
            before,
            limit
        )
        .fetch_all(conn)
        .await?
    } else {
        sqlx::query_as!(
            Row,
            "select payment_method_id, connector, kind, holder_reference, brand, last_four, expires_on, is_default,
                    created_at, detached_at
               from payment_methods
              where caller = $1 and holder_reference is not null and detached_at is null
                and payment_method_id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
              order by payment_method_id desc limit $3",
            caller,
            before,
            limit
        )
        .fetch_all(conn)
        .await?
    };
    let methods: Result<Vec<Option<Method>>, sqlx::Error> = rows.into_iter().map(Row::method).collect();
    Ok(methods?.into_iter().flatten().collect())
}

/// Locks the attached methods of the method's holder until the transaction ends, so that one after the other is made
/// the default.
pub async fn lock_holder(conn: &mut PgConnection, caller: &str, of: &Method) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select payment_method_id from payment_methods
          where caller = $1 and holder_reference = $2 and detached_at is null
          order by payment_method_id
            for update",
        caller,
        of.details.holder_reference
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// Makes it its holder's default in the place of any other one; false where it was detached. Whoever calls this has
/// locked the holder's.
pub async fn make_default(
    conn: &mut PgConnection,
    caller: &str,
    method: &Method,
) -> Result<bool, sqlx::Error> {
    sqlx::query!(
        "update payment_methods set is_default = false
          where caller = $1 and holder_reference = $2 and is_default and payment_method_id <> $3",
        caller,
        method.details.holder_reference,
        method.id.as_uuid()
    )
    .execute(&mut *conn)
    .await?;
    let done = sqlx::query!(
        "update payment_methods set is_default = true where payment_method_id = $1 and detached_at is null",
        method.id.as_uuid()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Detaches it; false where the caller has no such method that is attached.
pub async fn detach(
    conn: &mut PgConnection,
    caller: &str,
    id: PaymentMethodId,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        // Two copies may have clocks that differ a little.
        "update payment_methods set detached_at = greatest($3, created_at), is_default = false
          where payment_method_id = $1 and caller = $2 and holder_reference is not null and detached_at is null",
        id.as_uuid(),
        caller,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
