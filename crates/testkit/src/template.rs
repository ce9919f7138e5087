//! A migrated database per set of migrations, made once; a test gets a copy, which costs a tenth of migrating.

use postgres::{Db, DbOptions};
use sha2::{Digest as _, Sha256};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::server::Server;

/// The name of the template with these migrations, which is made if it is not there.
pub(crate) async fn ensure(server: &Server, name: &str, migrators: &[&Migrator]) -> String {
    let template = format!("template_{name}_{}", fingerprint(migrators));
    let mut admin = server.connect("postgres").await;
    // Test processes run side by side: one of them makes it. Locks end with the connection.
    execute(&mut admin, "select pg_advisory_lock(73630002)").await;
    if !exists(&mut admin, &template).await {
        // Made under another name first: a process that is killed here leaves no half template.
        let unfinished = format!("{template}_unfinished");
        execute(
            &mut admin,
            &format!("drop database if exists {unfinished} with (force)"),
        )
        .await;
        execute(
            &mut admin,
            &format!("create database {unfinished} template template0"),
        )
        .await;
        migrate(&server.url(&unfinished), migrators).await;
        execute(
            &mut admin,
            &format!("alter database {unfinished} rename to {template}"),
        )
        .await;
    }
    admin.close().await.expect("closed");
    template
}

/// Makes `database` a copy of `template`.
pub(crate) async fn copy(server: &Server, template: &str, database: &str) {
    let mut admin = server.connect("postgres").await;
    let strategy = if admin
        .server_version_num()
        .is_some_and(|version| version >= 150_000)
    {
        "strategy file_copy"
    } else {
        ""
    };
    let sql = format!("create database {database} template {template} {strategy}");
    execute(&mut admin, &sql).await;
    admin.close().await.expect("closed");
}

pub(crate) async fn execute(admin: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(admin).await;
    if let Err(error) = done {
        panic!("{sql}: {error}");
    }
}

async fn exists(admin: &mut PgConnection, database: &str) -> bool {
    sqlx::query("select 1 from pg_database where datname = $1")
        .bind(database)
        .fetch_optional(admin)
        .await
        .expect("the catalogue can be read")
        .is_some()
}

async fn migrate(url: &str, migrators: &[&Migrator]) {
    let mut options = DbOptions::new(url, "testkit");
    options.max_connections = 2;
    let db = Db::connect(&options).await.expect("a new database");
    for migrator in migrators {
        if let Err(error) = db.migrate(migrator).await {
            panic!("{error}");
        }
    }
    db.close().await;
}

/// Twelve hexadecimal digits that change with every change of a migration.
fn fingerprint(migrators: &[&Migrator]) -> String {
    let mut hash = Sha256::new();
    for migrator in migrators {
        for migration in migrator.iter() {
            hash.update(migration.version.to_be_bytes());
            hash.update(&migration.checksum);
        }
    }
    let mut text = hex::encode(hash.finalize());
    text.truncate(12);
    text
}
