//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::commands::{clock, config, events, import, sample, torture, verify};
use crate::output::Form;

/// Payments for marketplaces, partner settlement, and the books behind them.
#[derive(Debug, Parser)]
#[command(
    name = "jeongsan",
    version,
    max_term_width = 110,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 wrong settings, 4 the platform or its \
                        database does not answer, 5 refused, 6 the books do not agree."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const DATA_DIR_HELP: &str = "The folder of everything that is kept: database, keys, passwords \
                             [default: $XDG_DATA_HOME/jeongsan or ~/.local/share/jeongsan]";
const SET_HELP: &str = "Gives a setting a value; `jeongsan config show` lists them. Flags win over the environment \
                        (JEONGSAN_PORTS_BASE is ports.base), and that wins over the file";

/// What every command understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "For every command")]
pub(crate) struct Global {
    #[arg(long, global = true, value_name = "FOLDER", help = DATA_DIR_HELP)]
    data_dir: Option<String>,
    /// A TOML file of settings [default: jeongsan.toml in the working folder, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = assignment, help = SET_HELP)]
    set: Vec<(String, String)>,
    /// The address to listen on (setting host)
    #[arg(long, global = true, value_name = "ADDRESS")]
    host: Option<String>,
    /// The gateway's port; the other services follow it (setting ports.base)
    #[arg(long, global = true, value_name = "PORT")]
    port: Option<u16>,
    /// A PostgreSQL server, as its administrator (setting postgres.url)
    #[arg(long, global = true, value_name = "URL")]
    postgres_url: Option<String>,
    /// auto, json or text (setting log.format)
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Answer with one JSON document
    #[arg(long, global = true)]
    json: bool,
}

impl Global {
    /// The settings that the command line gives; of two the later one counts, a named flag before `--set`.
    pub(crate) fn flags(&self) -> Vec<(String, String)> {
        let named = [
            ("data_dir", self.data_dir.clone()),
            ("host", self.host.clone()),
            ("ports.base", self.port.map(|port| port.to_string())),
            ("postgres.url", self.postgres_url.clone()),
            ("log.format", self.log_format.clone()),
        ];
        let named = named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        self.set.iter().cloned().chain(named).collect()
    }

    /// What `--set` gives.
    pub(crate) fn set(&self) -> Vec<(String, String)> {
        self.set.clone()
    }

    /// How to answer.
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process, with a PostgreSQL of its own unless postgres.url is set
    Up(Running),
    /// Run the named services alone
    Serve {
        /// `all`, or names such as payment and settlement
        #[arg(required = true, value_name = "SERVICE")]
        services: Vec<String>,
        #[command(flatten)]
        running: Running,
    },
    /// Run the embedded PostgreSQL alone; its address goes to postgres.url in the data folder
    Postgres(Running),
    /// Make the databases and bring them up to date, and end
    Migrate,
    /// Take in what was sold and paid elsewhere
    #[command(subcommand)]
    Import(import::What),
    /// Make up orders of a small marketplace, to try the import with
    Sample(sample::Wanted),
    /// Settle every window that has ended
    Settle(Settle),
    /// Prove that payments, lines, statements and books agree
    Verify(verify::Wanted),
    /// Show or move the time of a trial installation
    #[command(subcommand)]
    Clock(clock::Action),
    /// What is published, and events that could not be handled
    #[command(subcommand)]
    Events(events::Action),
    /// Look for what would keep the platform from running, and say the remedy
    Doctor,
    /// Run the platform on real servers under load, break something, and count what is lost
    #[command(subcommand)]
    Torture(torture::Action),
    /// What is set, and where it was set
    #[command(subcommand)]
    Config(config::Action),
    /// Print the completions of a shell
    Completions {
        /// Which one
        shell: Shell,
    },
}

/// Of processes that go on until they are stopped.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// Written when everything is ready: the addresses, as JSON
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// Of `settle`.
#[derive(Debug, Args)]
pub(crate) struct Settle {
    /// Settle windows that end on this day or before [default: everything that has ended]
    #[arg(long, value_name = "DATE")]
    pub(crate) up_to: Option<chrono::NaiveDate>,
    /// Return only when everything that was asked for is settled
    #[arg(long)]
    pub(crate) wait: bool,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
        .ok_or_else(|| "write NAME=VALUE".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_named_flag_beats_set_wherever_it_stands() {
        let cli = Cli::try_parse_from(["jeongsan", "--port", "9000", "up", "--set", "ports.base=1"]).unwrap();
        let flags = cli.global.flags();
        assert_eq!(
            flags.last().unwrap(),
            &("ports.base".to_owned(), "9000".to_owned())
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "up --set x",
            "serve",
            "clock set yesterday",
            "settle --up-to 2026-02-30",
            "frobnicate",
        ] {
            let words = std::iter::once("jeongsan").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_err(), "{line}");
        }
    }
}
