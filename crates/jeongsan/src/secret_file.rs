//! Files that only their owner may read.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes the file anew, whole or not at all.
pub(crate) fn replace(path: &Path, content: &str) -> io::Result<()> {
    let fresh = beside(path);
    write(&fresh, content)?;
    fs::rename(fresh, path)
}

/// Writes the file unless it is there; returns what stands in it. Of two processes that do this at once, both get
/// the content of the first.
pub(crate) fn keep_first(path: &Path, content: &str) -> io::Result<String> {
    let fresh = beside(path);
    write(&fresh, content)?;
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    match linked {
        Ok(()) => Ok(content.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read_to_string(path),
        Err(error) => Err(error),
    }
}

fn beside(path: &Path) -> std::path::PathBuf {
    path.with_extension(format!("{}.new", std::process::id()))
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_first_content_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert_eq!(keep_first(&path, "one").unwrap(), "one");
        assert_eq!(keep_first(&path, "two").unwrap(), "one");
        replace(&path, "three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
