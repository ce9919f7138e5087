//! The passwords of the database roles: made once, kept in `data_dir/roles.json`.

use std::path::Path;

use chassis::Service;
use postgres::{READER_ROLE, RolePasswords};

use crate::fault::Fault;
use crate::secret_file;

/// The passwords of all roles, the reader's included. Made where there are none yet.
pub(crate) fn passwords(data_dir: &Path, every: &[Service]) -> Result<RolePasswords, Fault> {
    let path = data_dir.join("roles.json");
    let fault = |reason: String| Fault::Failed(format!("{}: {reason}", path.display()));
    let io = |error: std::io::Error| fault(error.to_string());
    let roles = every
        .iter()
        .filter_map(|service| Some(service.database?.spec.role))
        .chain([READER_ROLE]);
    let fresh: RolePasswords = roles.map(|role| (role.to_owned(), random())).collect();
    let kept = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = serde_json::to_string_pretty(&fresh).map_err(|e| fault(e.to_string()))?;
            secret_file::keep_first(&path, &text).map_err(io)?
        }
        Err(error) => return Err(io(error)),
    };
    let mut all: RolePasswords = serde_json::from_str(&kept).map_err(|e| {
        fault(format!(
            "{e}; restore it from a backup, or remove it to get new passwords"
        ))
    })?;
    let known = all.len();
    // A newer version may have more services than the one that wrote the file.
    for (role, password) in fresh {
        all.entry(role).or_insert(password);
    }
    if all.len() > known {
        let text = serde_json::to_string_pretty(&all).map_err(|e| fault(e.to_string()))?;
        secret_file::replace(&path, &text).map_err(io)?;
    }
    Ok(all)
}

/// 192 random bits in hexadecimal.
fn random() -> String {
    let bytes: [u8; 24] = rand::random();
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets;

    #[test]
    fn passwords_are_made_once_and_completed() {
        let folder = tempfile::tempdir().unwrap();
        let every = targets::all();
        let first = passwords(folder.path(), &[]).unwrap();
        assert_eq!(first.keys().collect::<Vec<_>>(), [READER_ROLE]);
        let second = passwords(folder.path(), &every).unwrap();
        assert_eq!(second.get(READER_ROLE), first.get(READER_ROLE));
        assert!(second.len() > first.len());
        assert_eq!(passwords(folder.path(), &every).unwrap(), second);
    }
}
