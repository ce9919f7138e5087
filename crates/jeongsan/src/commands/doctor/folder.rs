//! The data folder: there, ours, closed to others where it must be, with room.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use chassis::Settings;

use super::Check;
use crate::settings;

/// Below this the database soon stops.
const LOW_MIB: u64 = 200;
/// Below this somebody should look.
const SCARCE_MIB: u64 = 2_000;

pub(super) fn look(settings: &Settings) -> Vec<Check> {
    let folder = settings::data_dir(settings);
    let mut checks = vec![writable(&folder)];
    if folder.is_dir() {
        checks.push(secrets(&folder));
    }
    // Of a folder that is still to be made, the disk is the one of whatever is above it.
    if let Some(there) = folder.ancestors().find(|above| above.exists()) {
        checks.push(room(there));
    }
    checks
}

fn writable(folder: &Path) -> Check {
    const NAME: &str = "data folder";
    let shown = folder.display();
    let probe = folder.join(format!(".doctor.{}", std::process::id()));
    match fs::write(&probe, "") {
        Ok(()) => {
            let _left = fs::remove_file(&probe);
            Check::fine(NAME, shown.to_string())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Check::fine(
            NAME,
            format!("{shown} is not there yet; the first start makes it"),
        ),
        Err(error) => Check::wrong(
            NAME,
            format!("cannot write in {shown}: {error}"),
            "give it to this user with chown, or choose another one with --data-dir",
        ),
    }
}

/// Private keys and passwords that others may read are not private.
fn secrets(folder: &Path) -> Check {
    const NAME: &str = "secrets";
    let names = [
        "roles.json",
        "postgres.password",
        "postgres.url",
        "admin.key",
        "admin.password",
    ];
    let keys = fs::read_dir(folder.join("keys")).into_iter().flatten().flatten();
    let is_public = |path: &Path| path.to_string_lossy().ends_with(".pub.pem");
    let private = keys.map(|entry| entry.path()).filter(|path| !is_public(path));
    let open: Vec<_> = names
        .iter()
        .map(|name| folder.join(name))
        .chain(private)
        .filter(|path| fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0))
        .map(|path| path.display().to_string())
        .collect();
    if open.is_empty() {
        return Check::fine(NAME, "readable by their owner alone");
    }
    let all = open.join(" ");
    Check::wrong(NAME, format!("others may read {all}"), format!("chmod 600 {all}"))
}

fn room(folder: &Path) -> Check {
    const NAME: &str = "disk";
    let free_mib = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize) / 1_048_576,
        Err(error) => return Check::warning(NAME, format!("cannot be asked: {error}"), "look with df"),
    };
    let found = format!("{free_mib} MiB free");
    let remedy = "make room, or choose a folder on another disk with --data-dir";
    match free_mib {
        0..LOW_MIB => Check::wrong(NAME, found, remedy),
        LOW_MIB..SCARCE_MIB => Check::warning(NAME, found, remedy),
        _ => Check::fine(NAME, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Verdict;

    #[test]
    fn a_secret_that_others_may_read_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("keys")).unwrap();
        for (name, mode, verdict) in [
            ("keys/user.pub.pem", 0o644, Verdict::Fine),
            ("keys/user.pem", 0o600, Verdict::Fine),
            ("roles.json", 0o640, Verdict::Wrong),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(secrets(folder.path()).verdict, verdict, "{name}");
        }
    }

    #[test]
    fn a_folder_that_is_still_to_be_made_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(writable(&folder.path().join("new")).verdict, Verdict::Fine);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
