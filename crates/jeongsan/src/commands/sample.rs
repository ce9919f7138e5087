//! `jeongsan sample`: made-up orders of a small marketplace, to be imported.

use std::path::PathBuf;

use chassis::Settings;
use chrono::NaiveDate;
use clap::Args;
use importer::sample::{self, SampleError};
use serde_json::json;

use crate::fault::Fault;
use crate::output::{self, Form};
use crate::settings;

#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// Where to write partners.csv, orders.csv and payments.csv
    folder: PathBuf,
    /// How many orders
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    orders: u32,
    /// The same number makes the same files
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// The orders are of the three months before this day [default: today]
    #[arg(long, value_name = "DATE")]
    until: Option<NaiveDate>,
}

pub(crate) fn run(settings: &Settings, wanted: &Wanted, form: Form) -> Result<(), Fault> {
    let until = wanted
        .until
        .unwrap_or_else(|| settings::clock(settings).now().date_naive());
    let made =
        sample::write(&wanted.folder, wanted.seed, wanted.orders, until).map_err(|error| match error {
            SampleError::Write { .. } => Fault::Failed(error.to_string()),
            _ => Fault::Usage(error.to_string()),
        })?;
    let text = || {
        let (folder, orders, breaks) = (wanted.folder.display(), made.order_count, made.break_count);
        let data_dir = settings::data_dir(settings);
        let data_dir = data_dir.display();
        let [partners, lines, payments] =
            [&made.partners, &made.orders, &made.payments].map(|path| path.display());
        format!(
            "{orders} orders in {folder}, {breaks} of them paid over or short on purpose. To import them:\n\n  \
             jeongsan import orders --data-dir {data_dir} --partners {partners} --orders {lines} --payments {payments} \
             --currency KRW --rate 12% --cycle weekly"
        )
    };
    let value = json!({
        "partners": made.partners, "orders": made.orders, "payments": made.payments,
        "order_count": made.order_count, "break_count": made.break_count,
    });
    output::answer(form, text, &value);
    Ok(())
}
