//! PostgreSQL with replicas: one primary, two that stream from it, and commits that wait for one of the two.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use embedded::{EmbeddedOptions, Programs};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::data_folder::{copy, kill_inhabitants};
use crate::error::at;
use crate::{Program, ServersError, free_block};

/// How many servers there are.
const SERVERS: u16 = 3;
/// How long a server may take to become ready, and a replica to catch up, on a starved machine.
const LIMIT: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(50);
const REMEDY: &str = "apt-get install postgresql";

/// A primary and two streaming replicas on loopback, with `synchronous_standby_names = 'ANY 1 (...)'`: a commit is
/// acknowledged when one replica has it on disk too. Nothing fails over by itself: the test does, step by step.
///
/// Made from `initdb` and `postgres` alone, which every distribution of PostgreSQL has.
#[derive(Debug)]
pub struct ReplicatedPostgres {
    programs: Programs,
    base_port: u16,
    servers: Vec<Option<Program>>,
    primary: usize,
    folder: TempDir,
}

impl ReplicatedPostgres {
    /// Starts all three; returns when both replicas stream and count as synchronous. The first is the primary.
    ///
    /// # Errors
    /// See [`ServersError`].
    pub async fn start() -> Result<Self, ServersError> {
        let folder = tempfile::tempdir().map_err(at(&std::env::temp_dir()))?;
        // The servers run as another user than root and must get through.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), open).map_err(at(folder.path()))?;
        let options = EmbeddedOptions::new(folder.path());
        let mut cluster = Self {
            programs: Programs::find(&options).await?,
            base_port: free_block(SERVERS)?,
            servers: (0..SERVERS).map(|_| None).collect(),
            primary: 0,
            folder,
        };
        cluster.create().await?;
        for server in 0..cluster.servers.len() {
            cluster.launch(server).await?;
        }
        cluster.make_slots().await?;
        cluster.replicas_stream(cluster.servers.len() - 1).await?;
        Ok(cluster)
    }

    /// The number of the server that is the primary as far as this value made it one.
    pub fn primary(&self) -> usize {
        self.primary
    }

    /// `127.0.0.1:port` of every server, in the order of their numbers.
    pub fn hosts(&self) -> Vec<String> {
        (0..self.servers.len())
            .map(|server| format!("127.0.0.1:{}", self.port(server)))
            .collect()
    }

    /// The administrator's address of a database on all servers, in the form of several hosts.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@{}/{database}", self.hosts().join(","))
    }

    /// The administrator's address of a database on one server.
    pub fn url_of(&self, server: usize, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port(server))
    }

    /// Has one server carry out statements, in its database `postgres`.
    ///
    /// # Errors
    /// [`ServersError::Statement`].
    pub async fn execute(&self, server: usize, sql: &str) -> Result<(), ServersError> {
        let mut conn = self.connect(server).await?;
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut conn)
            .await;
        let _ = conn.close().await;
        done.map(drop).map_err(refused(server))
    }

    /// Kills the primary as a loss of power does, with all its processes at once. Returns its number.
    ///
    /// # Errors
    /// [`ServersError::NoServer`] if it was killed before.
    pub fn kill_primary(&mut self) -> Result<usize, ServersError> {
        self.kill(self.primary)?;
        Ok(self.primary)
    }

    /// Kills one server, with all its processes.
    ///
    /// # Errors
    /// [`ServersError::NoServer`] if it does not run.
    pub fn kill(&mut self, server: usize) -> Result<(), ServersError> {
        let slot = self.servers.get_mut(server);
        let mut program = slot
            .and_then(Option::take)
            .ok_or(ServersError::NoServer(server))?;
        program.kill();
        kill_inhabitants(&self.data(server));
        Ok(())
    }

    /// A running server, to be paused and resumed.
    ///
    /// # Errors
    /// [`ServersError::NoServer`] if it does not run.
    pub fn server(&self, server: usize) -> Result<&Program, ServersError> {
        self.servers
            .get(server)
            .and_then(Option::as_ref)
            .ok_or(ServersError::NoServer(server))
    }

    /// The running replica that has received most: the one to promote, since it has all that was acknowledged.
    ///
    /// # Errors
    /// [`ServersError::NoServer`] if none runs, or [`ServersError::Statement`].
    pub async fn most_advanced(&self) -> Result<usize, ServersError> {
        let mut best = None;
        for replica in self.running().filter(|server| *server != self.primary) {
            let received = self
                .number(
                    replica,
                    "select (greatest(coalesce(pg_last_wal_receive_lsn(), '0/0'), pg_last_wal_replay_lsn()) \
                     - '0/0')::bigint",
                )
                .await?;
            best = best.max(Some((received, replica)));
        }
        best.map(|(_, replica)| replica)
            .ok_or(ServersError::NoServer(self.primary))
    }

    /// Makes a replica the primary, and has the other one that runs follow it.
    ///
    /// # Errors
    /// See [`ServersError`].
    pub async fn promote(&mut self, server: usize) -> Result<(), ServersError> {
        self.execute(server, "select pg_promote(true, 60)").await?;
        // The former primary may still run: then there are two, and it follows nobody.
        let others = self
            .running()
            .filter(|other| ![server, self.primary].contains(other));
        let followers: Vec<usize> = others.collect();
        self.primary = server;
        self.make_slots().await?;
        for follower in &followers {
            let follow = format!(
                "alter system set primary_conninfo = '{}'",
                self.conninfo(*follower)
            );
            self.execute(*follower, &follow).await?;
            self.execute(*follower, "select pg_reload_conf()").await?;
        }
        self.replicas_stream(followers.len()).await
    }

    /// Brings a killed server back as a replica, from a fresh copy of the primary; returns when it streams.
    ///
    /// # Errors
    /// See [`ServersError`].
    pub async fn rejoin(&mut self, server: usize) -> Result<(), ServersError> {
        let data = self.data(server);
        fs::remove_dir_all(&data).map_err(at(&data))?;
        let mut primary = self.connect(self.primary).await?;
        // The copy is whole only together with the label that the primary gives out at the end.
        sqlx::query("select pg_backup_start('rejoin', true)")
            .execute(&mut primary)
            .await
            .map_err(refused(self.primary))?;
        copy(&self.data(self.primary), &data, false).map_err(at(&data))?;
        let wal = data.join("pg_wal");
        fs::create_dir_all(wal.join("archive_status")).map_err(at(&wal))?;
        let label: String = sqlx::query("select labelfile from pg_backup_stop(false)")
            .fetch_one(&mut primary)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(refused(self.primary))?;
        fs::write(data.join("backup_label"), label).map_err(at(&data))?;
        self.become_replica(server)?;
        let expected = self.running().count();
        self.launch(server).await?;
        self.replicas_stream(expected).await
    }

    /// Stops them all and removes their folders.
    pub fn stop(mut self) {
        self.kill_all();
    }

    async fn create(&mut self) -> Result<(), ServersError> {
        let first = self.data(self.primary);
        let home = self.home(self.primary);
        for server in 0..self.servers.len() {
            let home = self.home(server);
            fs::create_dir(&home).map_err(at(&home))?;
            self.programs.give(&home)?;
        }
        let output = self
            .programs
            .command("initdb", &home)
            .arg("-D")
            .arg(&first)
            .args([
                "--username=postgres",
                "--auth=trust",
                "--locale=C",
                "--encoding=UTF8",
            ])
            .args(["--data-checksums", "--no-sync", "--no-instructions"])
            .kill_on_drop(true)
            .output()
            .await
            .map_err(at(&home))?;
        if !output.status.success() {
            return Err(ServersError::Failed {
                name: "initdb".to_owned(),
                output: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        // Never started, it is as good as a base backup.
        for server in 1..self.servers.len() {
            let data = self.data(server);
            copy(&first, &data, true).map_err(at(&data))?;
            self.become_replica(server)?;
        }
        Ok(())
    }

    /// Has a stopped server's folder start as a replica of the primary.
    fn become_replica(&self, server: usize) -> Result<(), ServersError> {
        let data = self.data(server);
        let settings = data.join("postgresql.auto.conf");
        File::create(data.join("standby.signal")).map_err(at(&data))?;
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(&settings)
            .map_err(at(&settings))?;
        // The last line of a setting wins.
        writeln!(file, "primary_conninfo = '{}'", self.conninfo(server)).map_err(at(&settings))?;
        Ok(self.programs.give(&data)?)
    }

    /// How a server reaches the primary; its name there is what `synchronous_standby_names` goes by.
    fn conninfo(&self, server: usize) -> String {
        format!(
            "host=127.0.0.1 port={} user=postgres application_name={}",
            self.port(self.primary),
            name(server)
        )
    }

    async fn launch(&mut self, server: usize) -> Result<(), ServersError> {
        let data = self.data(server);
        let names: Vec<String> = (0..self.servers.len()).map(name).collect();
        let mut command = self.programs.command("postgres", &data);
        command.arg("-D").arg(&data);
        for (setting, value) in [
            ("port", self.port(server).to_string()),
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("unix_socket_directories", String::new()),
            ("shared_buffers", "32MB".to_owned()),
            ("max_connections", "200".to_owned()),
            ("wal_level", "replica".to_owned()),
            ("wal_log_hints", "on".to_owned()),
            ("wal_keep_size", "256MB".to_owned()),
            ("hot_standby", "on".to_owned()),
            ("primary_slot_name", name(server)),
            ("wal_retrieve_retry_interval", "200ms".to_owned()),
            ("synchronous_commit", "on".to_owned()),
            (
                "synchronous_standby_names",
                format!("ANY 1 ({})", names.join(", ")),
            ),
        ] {
            command.arg("-c").arg(format!("{setting}={value}"));
        }
        let log = self.home(server).join("log");
        let mut program = Program::start(name(server), command.into_std(), &log, REMEDY)?;
        program
            .ready(LIMIT, || async { self.connect(server).await.is_ok() })
            .await?;
        if let Some(slot) = self.servers.get_mut(server) {
            *slot = Some(program);
        }
        Ok(())
    }

    /// A slot for each other server, so that the primary keeps what a replica has not yet received.
    async fn make_slots(&self) -> Result<(), ServersError> {
        for other in (0..self.servers.len()).filter(|other| *other != self.primary) {
            let slot = name(other);
            let make = format!(
                "select pg_create_physical_replication_slot('{slot}') \
                 where not exists (select from pg_replication_slots where slot_name = '{slot}')"
            );
            self.execute(self.primary, &make).await?;
        }
        Ok(())
    }

    /// Waits until that many replicas stream and count for commits.
    async fn replicas_stream(&self, count: usize) -> Result<(), ServersError> {
        let deadline = Instant::now() + LIMIT;
        let wanted = i64::try_from(count).unwrap_or(i64::MAX);
        let question =
            "select count(*) from pg_stat_replication where state = 'streaming' and sync_state = 'quorum'";
        while self.number(self.primary, question).await? < wanted {
            if Instant::now() >= deadline {
                return Err(ServersError::Late {
                    name: format!("a replica of {}", name(self.primary)),
                    limit: LIMIT,
                    log: self.server(self.primary).map(Program::log).unwrap_or_default(),
                });
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    async fn number(&self, server: usize, question: &'static str) -> Result<i64, ServersError> {
        let mut conn = self.connect(server).await?;
        let number = sqlx::query_scalar(question).fetch_one(&mut conn).await;
        let _ = conn.close().await;
        number.map_err(refused(server))
    }

    async fn connect(&self, server: usize) -> Result<PgConnection, ServersError> {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port(server))
            .username("postgres")
            .database("postgres")
            .connect()
            .await
            .map_err(refused(server))
    }

    fn running(&self) -> impl Iterator<Item = usize> {
        self.servers
            .iter()
            .enumerate()
            .filter_map(|(server, program)| program.as_ref().map(|_| server))
    }

    fn port(&self, server: usize) -> u16 {
        self.base_port
            .saturating_add(u16::try_from(server).unwrap_or(u16::MAX))
    }

    fn home(&self, server: usize) -> PathBuf {
        self.folder.path().join(name(server))
    }

    fn data(&self, server: usize) -> PathBuf {
        self.home(server).join("data")
    }

    fn kill_all(&mut self) {
        let running: Vec<usize> = self.running().collect();
        for server in running {
            let _ = self.kill(server);
        }
    }
}

impl Drop for ReplicatedPostgres {
    fn drop(&mut self) {
        self.kill_all();
    }
}

fn name(server: usize) -> String {
    format!("node{server}")
}

fn refused(server: usize) -> impl Fn(sqlx::Error) -> ServersError {
    move |source| ServersError::Statement {
        name: name(server),
        source,
    }
}
