//! Patroni itself: a Python environment that is made once for the machine, and kept.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use embedded::Programs;
use tokio::process::Command;
use tokio::task::spawn_blocking;

use crate::{ServersError, at};

/// The version of Patroni in the file below; the environment's folder bears it.
const VERSION: &str = "4.1.5";
const REQUIREMENTS: &str = include_str!("requirements.txt");
/// The system's Python, since another one may stand where the account of the servers can't enter.
const PYTHON: &str = "/usr/bin/python3";
const REMEDY: &str = "type: apt-get install python3-venv";
/// A service of the system keeps its cache here; root's own is closed to the account of the servers.
const CACHE_OF_ROOT: &str = "/var/cache";
/// The list of what is inside, written last: without it the environment is half made.
const COMPLETE: &str = "complete.txt";

/// The environment's Python, which can run Patroni as the account that runs PostgreSQL. It is made if it is missing, by
/// one process, while others wait.
pub(super) async fn python(programs: &Programs) -> Result<PathBuf, ServersError> {
    let cache = cache_folder()?;
    let home = cache.join(VERSION);
    let python = home.join("bin/python");
    let _only_one = lock(cache.join("lock")).await?;
    if is_complete(&home) && runs(&python, &cache, programs).await {
        return Ok(python);
    }
    if home.exists() {
        fs::remove_dir_all(&home).map_err(at(&home))?;
    }
    fs::create_dir(&home).map_err(at(&home))?;
    open(&home)?;
    make(&home, "a Python environment", PYTHON, &["-m", "venv", "."]).await?;
    let requirements = home.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(at(&requirements))?;
    let install = ["-m", "pip", "install", "--no-deps", "-r", "requirements.txt"];
    make(&home, "pip install patroni", "bin/python", &install).await?;
    fs::rename(&requirements, home.join(COMPLETE)).map_err(at(&requirements))?;
    Ok(python)
}

fn is_complete(home: &Path) -> bool {
    fs::read_to_string(home.join(COMPLETE)).is_ok_and(|inside| inside == REQUIREMENTS)
}

/// Whether it still works: the system's Python may have been replaced by a newer one, which looks elsewhere.
async fn runs(python: &Path, folder: &Path, programs: &Programs) -> bool {
    let mut command = programs.other(python, folder);
    command.args(["-m", "patroni", "--version"]);
    let output = command.kill_on_drop(true).output().await;
    output.is_ok_and(|output| output.status.success())
}

/// Runs a program in `home`, with its files readable for all whatever the umask is.
async fn make(
    home: &Path,
    name: &'static str,
    program: &str,
    arguments: &[&str],
) -> Result<(), ServersError> {
    let output = Command::new("sh")
        .args(["-c", "umask 022; exec \"$@\"", "sh", program])
        .args(arguments)
        .current_dir(home)
        .kill_on_drop(true)
        .output()
        .await
        .map_err(at(home))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(ServersError::Failed {
        name: name.to_owned(),
        output: format!("{}\n{REMEDY}", String::from_utf8_lossy(&said)),
    })
}

fn cache_folder() -> Result<PathBuf, ServersError> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let cache = if rustix::process::geteuid().is_root() {
        PathBuf::from(CACHE_OF_ROOT)
    } else {
        variable("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| Some(variable("HOME")?.join(".cache")))
            .unwrap_or_else(std::env::temp_dir)
    };
    let ours = cache.join("jeongsan");
    let folder = ours.join("patroni");
    for folder in [&ours, &folder] {
        if !folder.exists() {
            fs::create_dir_all(folder).map_err(at(folder))?;
            open(folder)?;
        }
    }
    Ok(folder)
}

/// Lets everyone enter and read a folder.
fn open(folder: &Path) -> Result<(), ServersError> {
    fs::set_permissions(folder, Permissions::from_mode(0o755)).map_err(at(folder))
}

/// Waits for the lock; it is free again when the file is closed, however this process ends.
async fn lock(path: PathBuf) -> Result<File, ServersError> {
    let waiting = spawn_blocking(move || {
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(at(&path))?;
        file.lock().map_err(at(&path))?;
        Ok(file)
    });
    waiting.await.unwrap_or_else(|gone| {
        Err(ServersError::Failed {
            name: "waiting for the lock of the cache".to_owned(),
            output: gone.to_string(),
        })
    })
}
