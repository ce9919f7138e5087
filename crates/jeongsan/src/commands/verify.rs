//! `jeongsan verify`: do payments, lines, statements and books agree? Exit code 6 if not.

use calendar::TimeZone;
use chassis::Settings;
use clap::Args;
use serde_json::json;
use verify::{Options, VerifyError};

use crate::access;
use crate::fault::{Fault, chain};
use crate::output::{self, Form};

#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// How many breaks each check lists; all are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    listed: usize,
}

pub(crate) async fn run(settings: &Settings, wanted: &Wanted, form: Form) -> Result<(), Fault> {
    let books_time_zone = TimeZone::parse(settings.text("accounting.time_zone"))
        .map_err(|e| Fault::Settings(format!("accounting.time_zone: {e}")))?;
    let options = Options {
        listed: wanted.listed,
        books_time_zone,
    };
    let sources = access::readable(settings).await?;
    // Boxed: a proof over seven databases is a large future, and is asked for once.
    let proof = Box::pin(verify::verify(&sources, &options)).await;
    let report = proof.map_err(|error| match error {
        VerifyError::NoSource(service) => Fault::Settings(format!(
            "no way to the database of {service}: start the platform on this data folder, or set postgres.url or \
             {service}.database_url"
        )),
        VerifyError::Unreachable { .. } | VerifyError::NoPrimary { .. } => Fault::Unreachable(chain(&error)),
        VerifyError::Reading { .. } => Fault::Failed(chain(&error)),
    })?;
    let value = json!({
        "agrees": report.agrees(), "break_count": report.break_count(), "in_flight": report.in_flight(),
        "waiting": report.waiting(), "report": report,
    });
    output::answer(form, || report.to_string(), &value);
    match report.break_count() {
        0 => Ok(()),
        count => Err(Fault::Break(format!(
            "{count} breaks; each is listed above with what it is about"
        ))),
    }
}
