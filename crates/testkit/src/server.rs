//! The one PostgreSQL of a test process.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;

use embedded::{EmbeddedOptions, EmbeddedPostgres};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};

use crate::POSTGRES_URL;

/// A server that a process uses.
pub(crate) struct Server {
    admin_url: String,
    /// The watcher below sees its other end close when this process ends, however it ends.
    _lifeline: Option<ChildStdin>,
}

impl Server {
    /// The server, started by whoever asks first; the others wait for it.
    pub(crate) async fn get() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        tokio::task::spawn_blocking(|| SERVER.get_or_init(Self::start))
            .await
            .expect("the server starts")
    }

    /// A connection to `database` as administrator.
    pub(crate) async fn connect(&self, database: &str) -> PgConnection {
        connect_options(&self.admin_url)
            .database(database)
            .connect()
            .await
            .expect("the test server answers")
    }

    /// The administrator's address of `database`.
    pub(crate) fn url(&self, database: &str) -> String {
        let (server, _) = split_database(&self.admin_url);
        format!("{server}/{database}")
    }

    fn start() -> Self {
        match std::env::var(POSTGRES_URL) {
            Ok(admin_url) => Self {
                admin_url,
                _lifeline: None,
            },
            Err(_) => Self::start_private(),
        }
    }

    /// A private cluster in a temporary folder. It lives in a runtime of its own, since every test has another one
    /// that ends with the test.
    fn start_private() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("an open folder");
        let lifeline = watch_over(&folder);
        let (ready, started) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new().name("test-postgres".to_owned());
        let life = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let options = EmbeddedOptions {
                    settings: vec![
                        ("shared_buffers".to_owned(), "64MB".to_owned()),
                        ("max_connections".to_owned(), "400".to_owned()),
                    ],
                    ..EmbeddedOptions::new(folder)
                };
                let server = EmbeddedPostgres::start(options)
                    .await
                    .expect("a private PostgreSQL");
                ready.send(server.admin_url()).expect("somebody waits");
                std::future::pending::<()>().await;
            });
        };
        thread.spawn(life).expect("a thread");
        Self {
            admin_url: started.recv().expect("the private PostgreSQL starts"),
            _lifeline: Some(lifeline),
        }
    }
}

/// Ends the server and removes its folder once this process is gone. A shell of its own process group does it, so
/// that an interrupted or killed test run leaves nothing behind.
#[allow(clippy::zombie_processes, reason = "it outlives this process")]
fn watch_over(folder: &Path) -> ChildStdin {
    let script = "read -r _; \
        pid=$(head -n 1 \"$0/postgres/postmaster.pid\" 2>/dev/null) && kill -INT \"$pid\" && \
        while kill -0 \"$pid\" 2>/dev/null; do sleep 0.1; done; \
        rm -rf \"$0\"";
    let mut watcher = Command::new("sh")
        .args(["-c", script])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a shell");
    watcher.stdin.take().expect("its input is piped")
}

/// Address without the database, and the database.
fn split_database(url: &str) -> (&str, &str) {
    let (server, database) = url.rsplit_once('/').expect("postgres://role@host:port/database");
    (server, database)
}

fn connect_options(url: &str) -> PgConnectOptions {
    url.parse().expect("an address of a PostgreSQL")
}
