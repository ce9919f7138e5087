//! The server's programs, for who runs clusters of another shape, such as a primary with replicas.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::binaries;
use crate::error::EmbeddedError;
use crate::folder::Folder;
use crate::options::EmbeddedOptions;
use crate::server::command;
use crate::user::{self, Account};

/// The folder of a server's programs, and the account that may run them. At least `postgres` and `initdb` are there.
#[derive(Clone, Debug)]
pub struct Programs {
    bin: PathBuf,
    account: Option<Account>,
}

impl Programs {
    /// Finds them as [`crate::EmbeddedPostgres`] does: those of `options`, else installed ones, else the download.
    /// The data folder is created if absent, and is where clusters of these programs belong.
    pub async fn find(options: &EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let folder = Folder::open(&options.data_dir, user::is_root())?;
        let account = user::account_for(&folder.cluster)?;
        user::must_reach(&folder.cluster, account.as_ref())?;
        let found = binaries::find(options, &folder, account.as_ref(), None).await?;
        Ok(Self {
            bin: found.bin,
            account,
        })
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.bin
    }

    /// One of them, to be run in `folder` as the account that may.
    pub fn command(&self, program: &str, folder: &Path) -> Command {
        command(&self.bin.join(program), self.account.as_ref(), folder)
    }

    /// Another program, by its path, that is to run as the same account.
    pub fn other(&self, program: &Path, folder: &Path) -> Command {
        command(program, self.account.as_ref(), folder)
    }

    /// Gives a folder, and what is in it, to the account that runs the programs.
    pub fn give(&self, folder: &Path) -> Result<(), EmbeddedError> {
        match &self.account {
            Some(account) => user::give(folder, account),
            None => Ok(()),
        }
    }
}
