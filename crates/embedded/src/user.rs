//! Dropping root: PostgreSQL refuses to run as root, so another account runs it.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};

use crate::error::{EmbeddedError, on};

/// An account of `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Preferred first.
const UNPRIVILEGED: [&str; 3] = ["postgres", "_postgres", "nobody"];

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Who runs the server of this cluster: `None` means this process's own user.
pub(crate) fn account_for(cluster: &Path) -> Result<Option<Account>, EmbeddedError> {
    let owner = match fs::metadata(cluster) {
        Ok(metadata) => Some(metadata.uid()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(on("look at", cluster)(error)),
    };
    let foreign = |uid| EmbeddedError::ForeignOwner {
        folder: cluster.to_owned(),
        uid,
    };
    let own = rustix::process::geteuid().as_raw();
    if !is_root() {
        return match owner {
            Some(uid) if uid != own => Err(foreign(uid)),
            _ => Ok(None),
        };
    }
    let passwd_file = Path::new("/etc/passwd");
    let accounts = parse_passwd(&fs::read_to_string(passwd_file).map_err(on("read", passwd_file))?);
    match owner {
        // Whoever ran it first must run it again: the cluster is his.
        Some(uid) if uid != own => accounts
            .into_iter()
            .find(|account| account.uid == uid)
            .map(Some)
            .ok_or_else(|| foreign(uid)),
        _ => choose(&accounts)
            .cloned()
            .map(Some)
            .ok_or(EmbeddedError::NoAccount),
    }
}

fn choose(accounts: &[Account]) -> Option<&Account> {
    UNPRIVILEGED.iter().find_map(|name| {
        accounts
            .iter()
            .find(|account| account.name == *name && account.uid != 0)
    })
}

/// Lines of `name:password:uid:gid:...`; others are skipped.
fn parse_passwd(text: &str) -> Vec<Account> {
    let account = |line: &str| {
        let mut fields = line.split(':');
        Some(Account {
            name: fields.next().filter(|name| !name.is_empty())?.to_owned(),
            uid: fields.nth(1)?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
        })
    };
    text.lines().filter_map(account).collect()
}

/// The first folder on the way to `path` that the account cannot pass, by its mode bits.
pub(crate) fn closed_folder(path: &Path, account: &Account) -> Option<PathBuf> {
    let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
    above.reverse();
    above
        .into_iter()
        .find(|folder| {
            fs::metadata(folder).is_ok_and(|metadata| {
                let bit = if metadata.uid() == account.uid {
                    0o100
                } else if metadata.gid() == account.gid {
                    0o010
                } else {
                    0o001
                };
                metadata.mode() & bit == 0
            })
        })
        .map(Path::to_owned)
}

/// Refuses a path that the account cannot reach, naming the folder that is closed.
pub(crate) fn must_reach(path: &Path, account: Option<&Account>) -> Result<(), EmbeddedError> {
    match account.and_then(|account| Some((account, closed_folder(path, account)?))) {
        None => Ok(()),
        Some((account, folder)) => Err(EmbeddedError::FolderClosed {
            folder,
            user: account.name.clone(),
            wanted: path.to_owned(),
        }),
    }
}

/// Gives a folder and everything below it to the account; links are given away, not followed.
pub(crate) fn give(path: &Path, account: &Account) -> Result<(), EmbeddedError> {
    lchown(path, Some(account.uid), Some(account.gid)).map_err(on("change the owner of", path))?;
    let metadata = fs::symlink_metadata(path).map_err(on("look at", path))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).map_err(on("list", path))? {
            give(&entry.map_err(on("list", path))?.path(), account)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
        nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n\
        broken line\n\
        half:x:notanumber:1::/:\n\
        postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n";

    fn account(name: &str, uid: u32, gid: u32) -> Account {
        Account {
            name: name.to_owned(),
            uid,
            gid,
        }
    }

    #[test]
    fn postgres_is_preferred_to_nobody_and_broken_lines_are_skipped() {
        let accounts = parse_passwd(PASSWD);
        assert_eq!(accounts.len(), 3);
        assert_eq!(choose(&accounts), Some(&account("postgres", 101, 104)));
        assert_eq!(choose(&accounts[..2]), Some(&account("nobody", 65534, 65533)));
        assert_eq!(choose(&accounts[..1]), None);
    }

    #[test]
    fn an_account_with_user_id_zero_is_never_chosen() {
        assert_eq!(choose(&[account("postgres", 0, 0)]), None);
    }

    #[test]
    fn the_closed_folder_is_named() {
        let tmp = tempfile::tempdir().unwrap();
        let outer = tmp.path().join("outer");
        let inner = outer.join("inner");
        fs::create_dir_all(&inner).unwrap();
        let stranger = account("stranger", 4_000_001, 4_000_001);
        for folder in [tmp.path(), &outer, &inner] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let file = inner.join("file");
        assert_eq!(closed_folder(&file, &stranger), None);
        fs::set_permissions(&outer, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(closed_folder(&file, &stranger), Some(outer.clone()));
        let error = must_reach(&file, Some(&stranger)).unwrap_err().to_string();
        assert!(
            error.contains(&format!("chmod o+x {}", outer.display())),
            "{error}"
        );
    }
}
