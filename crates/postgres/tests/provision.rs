//! The walls between databases: a role reaches its own, and the reader changes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test reports a fault by panicking"
)]

use postgres::{DatabaseSpec, Provision, READER_ROLE, RolePasswords, provision};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

const OURS: DatabaseSpec = DatabaseSpec {
    name: "walls_ours",
    role: "walls_ours",
};
const THEIRS: DatabaseSpec = DatabaseSpec {
    name: "walls_theirs",
    role: "walls_theirs",
};
const PASSWORD: &str = "walls";

async fn run(conn: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn).await?;
    Ok(())
}

/// Removes what an earlier run may have left.
async fn clear(admin: &mut PgConnection) {
    for DatabaseSpec { name, role } in [OURS, THEIRS] {
        run(admin, &format!("drop database if exists {name} with (force)"))
            .await
            .unwrap();
        run(admin, &format!("drop role if exists {role}")).await.unwrap();
    }
}

/// The SQLSTATE of a refusal.
fn refusal<T>(outcome: Result<T, sqlx::Error>) -> String {
    match outcome {
        Err(sqlx::Error::Database(error)) => error.code().unwrap_or_default().into_owned(),
        Err(other) => other.to_string(),
        Ok(_) => "it was allowed".to_owned(),
    }
}

#[tokio::test]
async fn a_role_reaches_its_own_database_and_the_reader_only_reads() {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let database = testkit::Database::with("walls", &[]).await;
    let options: PgConnectOptions = database.url().parse().unwrap();
    let mut admin = options.connect().await.unwrap();
    clear(&mut admin).await;
    let passwords: RolePasswords = [OURS.role, THEIRS.role, READER_ROLE]
        .into_iter()
        .map(|role| (role.to_owned(), PASSWORD.to_owned()))
        .collect();
    let wanted = Provision {
        admin_url: database.url(),
        databases: &[OURS, THEIRS],
        passwords: &passwords,
    };
    provision(&wanted).await.unwrap();
    // Again: nothing changes.
    provision(&wanted).await.unwrap();
    let login = |role: &str, database: &str| {
        options
            .clone()
            .username(role)
            .password(PASSWORD)
            .database(database)
    };

    let mut own = login(OURS.role, OURS.name).connect().await.unwrap();
    run(
        &mut own,
        "create table money (amount_minor bigint); insert into money values (1)",
    )
    .await
    .unwrap();
    own.close().await.unwrap();
    assert_eq!(
        refusal(login(OURS.role, THEIRS.name).connect().await),
        INSUFFICIENT_PRIVILEGE
    );

    let mut reader = login(READER_ROLE, OURS.name).connect().await.unwrap();
    run(&mut reader, "select amount_minor from money").await.unwrap();
    for sql in [
        "insert into money values (2)",
        "update money set amount_minor = 2",
        "delete from money",
        "truncate money",
        "create table more (n integer)",
    ] {
        assert_eq!(
            refusal(run(&mut reader, sql).await),
            INSUFFICIENT_PRIVILEGE,
            "{sql}"
        );
    }
    reader.close().await.unwrap();
    clear(&mut admin).await;
}
