//! File locks that the kernel releases when their owner dies, however it dies.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::error::{EmbeddedError, on};

/// An exclusive lock on a file, held until dropped. The descriptor is close-on-exec, so the server
/// never inherits it: it ends with its owner, even if an orphaned server lives on.
#[derive(Debug)]
pub(crate) struct FileLock(File);

impl FileLock {
    /// Takes the lock of a data folder, or says who has it.
    pub(crate) fn try_own(file: &Path, data_dir: &Path) -> Result<Self, EmbeddedError> {
        let mut lock = open(file)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _unreadable = lock.read_to_string(&mut owner);
                let owner = owner.trim();
                return Err(EmbeddedError::FolderInUse {
                    data_dir: data_dir.to_owned(),
                    owner: if owner.is_empty() { "?" } else { owner }.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(on("lock", file)(source)),
        }
        // The owner's id is for people only; the lock itself decides.
        lock.set_len(0).map_err(on("write", file))?;
        lock.rewind().map_err(on("write", file))?;
        writeln!(lock, "{}", std::process::id()).map_err(on("write", file))?;
        Ok(Self(lock))
    }

    /// Waits for the lock; blocks the thread.
    pub(crate) fn wait(file: &Path) -> Result<Self, EmbeddedError> {
        let lock = open(file)?;
        lock.lock().map_err(on("lock", file))?;
        Ok(Self(lock))
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // A child between fork and exec holds a copy of the descriptor for a moment: unlocking, unlike
        // closing, does not wait for it. If it fails, closing does the same a little later.
        let _closing_unlocks = self.0.unlock();
    }
}

fn open(file: &Path) -> Result<File, EmbeddedError> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(file)
        .map_err(on("open", file))
}
