//! The commands, one file each.

pub(crate) mod clock;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod import;
pub(crate) mod migrate;
pub(crate) mod postgres;
pub(crate) mod sample;
pub(crate) mod serve;
pub(crate) mod settle;
pub(crate) mod torture;
pub(crate) mod verify;

use crate::cli::{Cli, Command};
use crate::fault::Fault;
use crate::{settings, targets};

/// Runs what was asked for.
pub(crate) async fn run(cli: Cli) -> Result<(), Fault> {
    let form = cli.global.form();
    // These need no settings, so that wrong ones don't keep a shell from its completions.
    let settings = match &cli.command {
        Command::Completions { shell } => return completions::run(*shell),
        Command::Events(events::Action::Asyncapi) => {
            events::asyncapi();
            return Ok(());
        }
        _ => settings::load(&cli.global)?,
    };
    match cli.command {
        Command::Up(running) => {
            let services = targets::up(settings.is_production());
            serve::run(settings, services, &running, form).await
        }
        Command::Serve { services, running } => {
            serve::run(settings, targets::named(&services)?, &running, form).await
        }
        Command::Postgres(running) => postgres::run(&settings, &running, form).await,
        Command::Migrate => migrate::run(&settings, form).await,
        Command::Import(what) => import::run(&settings, what, form).await,
        Command::Sample(wanted) => sample::run(&settings, &wanted, form),
        Command::Verify(wanted) => verify::run(&settings, &wanted, form).await,
        Command::Settle(wanted) => settle::run(&settings, &wanted, form).await,
        Command::Clock(action) => clock::run(&settings, &action, form),
        Command::Events(action) => events::run(&settings, &action, form).await,
        Command::Doctor => doctor::run(&settings, form).await,
        Command::Torture(action) => torture::run(&action, cli.global.set(), form).await,
        Command::Config(config::Action::Show) => config::show(&settings, form),
        Command::Completions { shell } => completions::run(shell),
    }
}
