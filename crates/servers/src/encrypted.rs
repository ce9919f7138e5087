//! One PostgreSQL that is reached over TLS alone, with a password.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use embedded::{EmbeddedOptions, Programs};
use rand::distr::{Alphanumeric, SampleString as _};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use crate::{Program, ServersError, TestCa, at, free_block};

const LIMIT: Duration = Duration::from_mins(1);
const REMEDY: &str = "type: apt-get install postgresql";
/// Whoever does not speak TLS finds no line that lets him in.
const HBA: &str = "hostssl all all 127.0.0.0/8 scram-sha-256\n";

/// A server with a certificate for `localhost` and 127.0.0.1; it listens on 127.0.0.2 too, for which the certificate
/// is not made. It takes TLS alone, and passwords (SCRAM). Dropping it kills it.
#[derive(Debug)]
pub struct EncryptedPostgres {
    _program: Program,
    port: u16,
    password: String,
    authority: TestCa,
    _folder: TempDir,
}

impl EncryptedPostgres {
    /// Starts one; returns when it lets its administrator in.
    ///
    /// # Errors
    /// [`ServersError`]; where a program is missing, it says what to type.
    pub async fn start() -> Result<Self, ServersError> {
        let folder = tempfile::tempdir().map_err(at(&std::env::temp_dir()))?;
        let home = folder.path();
        // The server runs as another user than root and must get through.
        fs::set_permissions(home, fs::Permissions::from_mode(0o755)).map_err(at(home))?;
        let programs = Programs::find(&EmbeddedOptions::new(home)).await?;
        let password = Alphanumeric.sample_string(&mut rand::rng(), 24);
        let authority = TestCa::create(home)?;
        let port = free_block(1)?;
        let mut program = launch(home, &programs, &password, &authority, port).await?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres?sslmode=require");
        let lets_in = || async { PgConnection::connect(&url).await.is_ok() };
        program.ready(LIMIT, lets_in).await?;
        Ok(Self {
            _program: program,
            port,
            password,
            authority,
            _folder: folder,
        })
    }

    /// The administrator's address of the database `postgres` on these hosts, with commas between them; nothing in it
    /// says how to connect.
    pub fn bare_url(&self, hosts: &[&str]) -> String {
        let hosts: Vec<String> = hosts.iter().map(|host| format!("{host}:{}", self.port)).collect();
        format!(
            "postgres://postgres:{}@{}/postgres",
            self.password,
            hosts.join(",")
        )
    }

    /// The certificate, in PEM, of the authority that the server's certificate is from.
    pub fn ca_file(&self) -> &Path {
        self.authority.ca_file()
    }
}

async fn launch(
    home: &Path,
    programs: &Programs,
    password: &str,
    authority: &TestCa,
    port: u16,
) -> Result<Program, ServersError> {
    let place = home.join("server");
    fs::create_dir(&place).map_err(at(&place))?;
    let files = authority.server_certificate(&place, "server")?;
    let password_file = place.join("password");
    fs::write(&password_file, password).map_err(at(&password_file))?;
    programs.give(&place)?;
    let data = place.join("data");
    let output = programs
        .command("initdb", &place)
        .arg("-D")
        .arg(&data)
        .arg("--pwfile")
        .arg(&password_file)
        .args(["--username=postgres", "--auth=scram-sha-256", "--locale=C"])
        .args(["--encoding=UTF8", "--no-sync", "--no-instructions"])
        .kill_on_drop(true)
        .output()
        .await
        .map_err(at(&place))?;
    if !output.status.success() {
        return Err(ServersError::Failed {
            name: "initdb".to_owned(),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    let hba = data.join("pg_hba.conf");
    fs::write(&hba, HBA).map_err(at(&hba))?;
    let mut command = programs.command("postgres", &data);
    command.arg("-D").arg(&data);
    for (setting, value) in [
        ("port", port.to_string()),
        ("listen_addresses", "127.0.0.1,127.0.0.2".to_owned()),
        ("unix_socket_directories", String::new()),
        ("shared_buffers", "32MB".to_owned()),
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", files.certificate.display().to_string()),
        ("ssl_key_file", files.key.display().to_string()),
    ] {
        command.arg("-c").arg(format!("{setting}={value}"));
    }
    Program::start("postgres", command.into_std(), &home.join("log"), REMEDY)
}
