//! Runs a command with a database for every crate that has SQL: `with_databases COMMAND ARGUMENT...`.
//!
//! For each crate with a `sqlx.toml` the command finds `NAME_DATABASE_URL` in its environment: a fresh database with
//! the tables of `bus`, `once`, `lease` and the crate itself, as their migrations make them. The server is private and ends
//! with the command. Uses nothing of the project whose queries would have to be checked first.

use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use embedded::{EmbeddedOptions, EmbeddedPostgres};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let program = words.next().ok_or("say which command to run")?;
    let folder = tempfile::tempdir()?;
    // The server may run as another user.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
    let mut options = EmbeddedOptions::new(folder.path());
    options.bin_dir = std::env::var_os("JEONGSAN_PG_BIN").map(PathBuf::from);
    let server = EmbeddedPostgres::start(options).await?;
    let outcome = run(&server, &program, words.collect()).await;
    server.stop().await?;
    outcome
}

async fn run(
    server: &EmbeddedPostgres,
    program: &std::ffi::OsStr,
    arguments: Vec<std::ffi::OsString>,
) -> Outcome<ExitCode> {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments);
    let admin_url = server.admin_url();
    let (base, _) = admin_url
        .rsplit_once('/')
        .ok_or("an address without a database")?;
    for (name, migrations) in crates_with_sql()? {
        let mut admin = PgConnection::connect(&admin_url).await?;
        // `user` alone is a word of SQL.
        let database = format!("{name}_service");
        execute(&mut admin, format!("create database {database}")).await?;
        let url = format!("{base}/{database}");
        let mut connection = PgConnection::connect(&url).await?;
        execute(
            &mut connection,
            "create schema bus; create schema once; create schema lease".to_owned(),
        )
        .await?;
        for path in migrations {
            let sql = format!("begin; {}; commit", fs::read_to_string(&path)?);
            let done = execute(&mut connection, sql).await;
            done.map_err(|error| format!("{}: {error}", path.display()))?;
        }
        command.env(format!("{}_DATABASE_URL", name.to_uppercase()), url);
    }
    let status = command.status().await?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// The crates with a `sqlx.toml`, each with the migrations that make its database, in their order.
fn crates_with_sql() -> Outcome<Vec<(String, Vec<PathBuf>)>> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let shared = [
        migrations(&crates.join("bus"))?,
        migrations(&crates.join("once"))?,
        migrations(&crates.join("lease"))?,
    ]
    .concat();
    let mut found = Vec::new();
    for entry in fs::read_dir(&crates)? {
        let folder = entry?.path();
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if !folder.join("sqlx.toml").exists() {
            continue;
        }
        let own = if ["bus", "once", "lease"].contains(&name.as_str()) {
            Vec::new()
        } else {
            migrations(&folder)?
        };
        found.push((name, [shared.clone(), own].concat()));
    }
    Ok(found)
}

fn migrations(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files: Vec<_> = match fs::read_dir(folder.join("migrations")) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?,
        Err(_) => Vec::new(),
    };
    files.retain(|path| path.extension().is_some_and(|end| end == "sql"));
    files.sort();
    Ok(files)
}

async fn execute(connection: &mut PgConnection, sql: String) -> Outcome<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}
