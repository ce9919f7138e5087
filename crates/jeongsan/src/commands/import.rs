//! `jeongsan import`: what was sold and paid elsewhere, from files.

use chassis::Settings;
use clap::Subcommand;
use importer::{ImportArgs, ImportError};

use crate::fault::{Fault, chain};
use crate::output::Form;
use crate::{client, settings};

#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Orders, payments and sellers from CSV files; run it again after an interruption
    Orders(Box<ImportArgs>),
}

pub(crate) async fn run(settings: &Settings, what: What, form: Form) -> Result<(), Fault> {
    let What::Orders(arguments) = what;
    let base = settings::gateway_url(settings);
    let key = client::api_key(settings)?;
    let now = settings::clock(settings).now();
    let done = importer::run(*arguments, &base, &key, form == Form::Json, now).await;
    done.map(drop).map_err(|error| fault(&error))
}

fn fault(error: &ImportError) -> Fault {
    let text = chain(error);
    match error {
        ImportError::Address { .. } | ImportError::ApiKey => Fault::Settings(text),
        ImportError::GaveUp { .. } => Fault::Unreachable(text),
        ImportError::BrokenRows { .. }
        | ImportError::BrokenHeader
        | ImportError::TermsCurrency { .. }
        | ImportError::Answered { .. }
        | ImportError::Refused { .. } => Fault::Refused(text),
        _ => Fault::Failed(text),
    }
}
