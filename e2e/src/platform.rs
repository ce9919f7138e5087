//! The platform as processes: one, or PostgreSQL and one for each service.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{Api, eventually};

/// How the platform runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `jeongsan up`.
    One,
    /// `jeongsan postgres` where no `postgres.url` is set, and `jeongsan serve NAME` for each service.
    Split,
    /// As `Split`, with a process for each of these lists of services, and without those that stand in none. A process is
    /// called after the first of its services.
    Parts(&'static [&'static [&'static str]]),
}

/// What a platform is started from.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The program.
    pub binary: PathBuf,
    /// As what.
    pub mode: Mode,
    /// Settings of every process; `{service}` in a value is the service that the process serves.
    pub settings: Vec<(String, String)>,
}

/// The services of a split platform, in the order of their start.
const SERVICES: &[&str] = &[
    "user",
    "partner",
    "simulator",
    "payment",
    "settlement",
    "accounting",
    "notification",
    "reporting",
    "gateway",
];

/// A platform of processes that this test started. Dropped, they are killed.
pub struct Platform {
    stage: Stage,
    folder: TempDir,
    base_port: u16,
    processes: BTreeMap<String, Child>,
}

/// The binary under test: `JEONGSAN_BIN`, or the one beside the tests.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("JEONGSAN_BIN") {
        return Ok(path.into());
    }
    let own = std::env::current_exe()?;
    let path = own
        .ancestors()
        .nth(2)
        .context("tests lie in target/PROFILE/deps")?
        .join("jeongsan");
    ensure!(
        path.exists(),
        "{} is not built; run `cargo build -p jeongsan`",
        path.display()
    );
    Ok(path)
}

impl Platform {
    /// Starts a platform on a fresh data folder and waits until it is ready.
    pub async fn start(mode: Mode) -> Result<Self> {
        Self::start_with(mode, &[]).await
    }

    /// The same, with settings; `config` is a file of them.
    pub async fn start_with(mode: Mode, settings: &[(&str, &str)]) -> Result<Self> {
        let owned = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Self::start_on(Stage {
            binary: binary()?,
            mode,
            settings: owned.collect(),
        })
        .await
    }

    /// The same, of any program.
    pub async fn start_on(stage: Stage) -> Result<Self> {
        // The database server runs as another user when we are root: it must be able to enter.
        let folder = tempfile::Builder::new()
            .prefix("jeongsan-e2e-")
            .permissions(open_to_all())
            .tempdir()?;
        let mut platform = Self {
            stage,
            folder,
            base_port: free_base()?,
            processes: BTreeMap::new(),
        };
        platform.start_all().await?;
        Ok(platform)
    }

    /// Starts whatever is not running, and waits until all of it is ready.
    pub async fn start_all(&mut self) -> Result<()> {
        if self.stage.mode == Mode::One {
            self.launch("up", &["up"])?;
            return self.ready().await;
        }
        // Where a server is named, none of our own is needed.
        if !self.stage.settings.iter().any(|(name, _)| name == "postgres.url") {
            self.launch("postgres", &["postgres"])?;
            let address = self.data_dir().join("postgres.url");
            eventually("the database server", || async {
                Ok(address.exists().then_some(()))
            })
            .await?;
        }
        match self.stage.mode {
            Mode::Parts(parts) => {
                for services in parts {
                    self.serve(services)?;
                }
            }
            Mode::One | Mode::Split => {
                for service in SERVICES {
                    self.launch(service, &["serve", service])?;
                }
            }
        }
        self.ready().await
    }

    /// Starts a process of these services, called after the first of them.
    pub fn serve(&mut self, services: &[&str]) -> Result<()> {
        let name = services.first().context("a process has a service")?;
        let arguments: Vec<&str> = ["serve"].into_iter().chain(services.iter().copied()).collect();
        self.launch(name, &arguments)
    }

    /// Waits until every service says that it is ready.
    pub async fn ready(&mut self) -> Result<()> {
        let mode = self.stage.mode;
        let is_served = |name: &str| match mode {
            Mode::Parts(parts) => parts.concat().contains(&name),
            Mode::One | Mode::Split => true,
        };
        for (name, offset) in PORTS.iter().filter(|(name, _)| is_served(name)) {
            let probe = Api::new(format!("http://127.0.0.1:{}", self.base_port + offset), "");
            let dead = self
                .processes
                .values_mut()
                .any(|child| matches!(child.try_wait(), Ok(Some(_))));
            ensure!(!dead, "a process ended by itself; its log:\n{}", self.log_tail());
            eventually(&format!("{name} to be ready"), || async {
                probe.get("/readyz").await.map(Some)
            })
            .await
            .with_context(|| self.log_tail())?;
        }
        Ok(())
    }

    /// The API, with the administrator's key of the first start.
    pub fn api(&self) -> Result<Api> {
        let key = std::fs::read_to_string(self.data_dir().join("admin.key"))?;
        Ok(Api::new(
            format!("http://127.0.0.1:{}", self.base_port),
            key.trim(),
        ))
    }

    /// The API of one service by its distance from the gateway's port, for what the gateway does not route.
    pub fn direct(&self, offset: u16) -> Api {
        Api::new(format!("http://127.0.0.1:{}", self.base_port + offset), "")
    }

    /// The gateway's port.
    pub fn base_port(&self) -> u16 {
        self.base_port
    }

    /// The data folder.
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Runs another command of the binary on this platform, and returns its exit code and output.
    pub async fn run(&self, arguments: &[&str]) -> Result<(i32, String)> {
        let mut command = tokio::process::Command::from(self.command(arguments));
        let output = command.stdin(Stdio::null()).output().await?;
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok((output.status.code().unwrap_or(-1), text))
    }

    /// `jeongsan verify`, which must find nothing.
    pub async fn verify(&self) -> Result<()> {
        let (code, text) = self.run(&["verify"]).await?;
        ensure!(code == 0, "verify found breaks (exit code {code}):\n{text}");
        Ok(())
    }

    /// Kills a process as a power cut would: `up` or `postgres` or a service's name.
    pub fn kill(&mut self, name: &str) -> Result<()> {
        let mut child = self
            .processes
            .remove(name)
            .with_context(|| format!("{name} is not running"))?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks a process to stop, and waits for it.
    pub async fn stop(&mut self, name: &str) -> Result<()> {
        let mut child = self
            .processes
            .remove(name)
            .with_context(|| format!("{name} is not running"))?;
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::TERM)?;
        for _ in 0..600 {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        child.kill()?;
        bail!("{name} did not stop within 30 s:\n{}", self.log_tail())
    }

    /// Freezes a process (`SIGSTOP`): its ports take connections, and nothing answers.
    pub fn pause(&self, name: &str) -> Result<()> {
        self.signal(name, Signal::STOP)
    }

    /// Lets it go on.
    pub fn resume(&self, name: &str) -> Result<()> {
        self.signal(name, Signal::CONT)
    }

    /// From now on processes are started from another program, for example a newer version.
    pub fn use_binary(&mut self, binary: PathBuf) {
        self.stage.binary = binary;
    }

    /// Starts one more process beside the others, for example a second copy of a service with other settings.
    pub fn launch_with(&mut self, name: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Result<()> {
        let mut command = self.command(arguments);
        for (key, value) in settings {
            command.arg("--set").arg(format!("{key}={value}"));
        }
        self.spawn(name, command)
    }

    /// The id of a process that was started and not stopped.
    pub fn pid(&self, name: &str) -> Option<u32> {
        self.processes.get(name).map(Child::id)
    }

    /// The ids of the database server's processes, by their data folder. Empty while it is down.
    pub fn postgres_pid(&self) -> Option<i32> {
        let text = std::fs::read_to_string(self.data_dir().join("postgres/postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    /// What every process wrote, by its name; those that have ended are among them.
    pub fn logs(&self) -> BTreeMap<String, PathBuf> {
        let files = std::fs::read_dir(self.data_dir()).into_iter().flatten().flatten();
        let logs = files
            .map(|file| file.path())
            .filter(|path| path.extension().is_some_and(|end| end == "log"));
        logs.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
            .collect()
    }

    /// The end of every process's log.
    pub fn log_tail(&self) -> String {
        let mut text = String::new();
        for (name, path) in self.logs() {
            let whole = std::fs::read_to_string(path).unwrap_or_default();
            let lines: Vec<&str> = whole.lines().collect();
            let tail = lines
                .get(lines.len().saturating_sub(15)..)
                .unwrap_or_default()
                .join("\n");
            text = format!("{text}\n== {name}.log\n{tail}");
        }
        text
    }

    fn signal(&self, name: &str, signal: Signal) -> Result<()> {
        let child = self
            .processes
            .get(name)
            .with_context(|| format!("{name} is not running"))?;
        Ok(kill_process(Pid::from_child(child), signal)?)
    }

    fn launch(&mut self, name: &str, arguments: &[&str]) -> Result<()> {
        if let Some(child) = self.processes.get_mut(name) {
            if child.try_wait()?.is_none() {
                return Ok(());
            }
            self.processes.remove(name);
        }
        let command = self.command(arguments);
        self.spawn(name, command)
    }

    fn spawn(&mut self, name: &str, mut command: Command) -> Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.data_dir().join(format!("{name}.log")))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.processes.insert(name.to_owned(), child);
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let service = arguments
            .iter()
            .skip_while(|argument| **argument != "serve")
            .nth(1);
        let mut command = Command::new(&self.stage.binary);
        command.args(arguments).arg("--data-dir").arg(self.data_dir());
        command.arg("--set").arg(format!("ports.base={}", self.base_port));
        for (key, value) in &self.stage.settings {
            // Which file of settings is no setting itself.
            if key == "config" {
                command.arg("--config").arg(value);
            } else {
                let value = value.replace("{service}", service.unwrap_or(&""));
                command.arg("--set").arg(format!("{key}={value}"));
            }
        }
        command
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        for child in self.processes.values_mut() {
            // One that is paused could not even end. Asked to stop, `up` and `postgres` take their database server along.
            let _ = kill_process(Pid::from_child(child), Signal::TERM);
            let _ = kill_process(Pid::from_child(child), Signal::CONT);
        }
        for child in self.processes.values_mut() {
            let patience = (0..200).find(|_| {
                std::thread::sleep(Duration::from_millis(50));
                matches!(child.try_wait(), Ok(Some(_)))
            });
            if patience.is_none() {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

/// The services, with the distance of their port from the gateway's.
pub const PORTS: &[(&str, u16)] = &[
    ("user", 1),
    ("payment", 2),
    ("settlement", 3),
    ("partner", 4),
    ("accounting", 5),
    ("notification", 6),
    ("reporting", 7),
    ("simulator", 10),
    ("gateway", 0),
];

fn open_to_all() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::Permissions::from_mode(0o755)
}

/// A range of 20 ports that nobody listens on, below those that the system gives to outgoing connections.
fn free_base() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = u16::try_from(std::process::id() % 400).unwrap_or(0) * 40;
    for _ in 0..400 {
        let base = 12_000 + (offset + NEXT.fetch_add(20, Ordering::Relaxed)) % 18_000;
        let free = (base..base + 20).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
        if free {
            return Ok(base);
        }
    }
    bail!("no 20 free ports in a row between 12000 and 30000")
}
