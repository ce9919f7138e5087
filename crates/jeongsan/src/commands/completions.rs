//! `jeongsan completions`: what a shell needs to complete the command line.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::fault::Fault;
use crate::output;

pub(crate) fn run(shell: Shell) -> Result<(), Fault> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "jeongsan", &mut text);
    let text = String::from_utf8(text).map_err(|e| Fault::failed("completions", &e))?;
    output::line(text.trim_end());
    Ok(())
}
