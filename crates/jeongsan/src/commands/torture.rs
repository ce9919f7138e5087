//! `jeongsan torture`: real servers, the platform as a process per service, load, and a fault. Exit code 6 if something
//! is lost, doubled or broken, 1 if a promise was not kept.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use torture::{Fault as Torture, Options, Report};

use crate::fault::Fault;
use crate::output::{self, Form, table};
use crate::shutdown::Shutdown;

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// The faults, and the servers that each one needs
    List,
    /// Run faults, one after the other; nothing of it stays
    Run(Wanted),
}

#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// Names of the list, or `all`
    #[arg(required = true, value_name = "FAULT")]
    faults: Vec<String>,
    /// Of the payments and of the instant of the fault [default: a new one, which is shown]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Payments that clients try to make in a second
    #[arg(long, value_name = "N", default_value_t = 300)]
    rate: u64,
    /// How long clients pay; longer where the fault takes longer
    #[arg(long, value_name = "N", default_value_t = 30)]
    seconds: u64,
    /// Divide the times of the fault by this
    #[arg(long, value_name = "N", default_value_t = 1)]
    hurry: u64,
    /// Keep the logs of the platform's processes there, in a folder for each fault
    #[arg(long, value_name = "FOLDER")]
    logs: Option<PathBuf>,
}

/// `set` goes to the platform's processes.
pub(crate) async fn run(action: &Action, set: Vec<(String, String)>, form: Form) -> Result<(), Fault> {
    match action {
        Action::List => {
            list(form);
            Ok(())
        }
        Action::Run(wanted) => {
            let mut shutdown = Shutdown::listen()?;
            // Dropped when it is interrupted, so that no server is left behind.
            tokio::select! {
                outcome = Box::pin(run_all(wanted, set, form)) => outcome,
                () = shutdown.asked() => Err(Fault::Failed("interrupted".to_owned())),
            }
        }
    }
}

fn list(form: Form) {
    let rows: Vec<_> = torture::all()
        .map(|fault| vec![fault.name.to_owned(), fault.sentence.to_owned(), fault.shape()])
        .collect();
    let faults: Vec<_> = torture::all()
        .map(|fault| json!({ "name": fault.name, "sentence": fault.sentence, "shape": fault.shape() }))
        .collect();
    output::answer(form, || table(&rows), &json!({ "faults": faults }));
}

async fn run_all(wanted: &Wanted, set: Vec<(String, String)>, form: Form) -> Result<(), Fault> {
    let options = Options {
        binary: std::env::current_exe().map_err(|e| Fault::failed("the program's own path", &e))?,
        seed: wanted.seed.unwrap_or_else(|| rand::random_range(1..1_000_000)),
        rate: wanted.rate,
        seconds: wanted.seconds,
        hurry: wanted.hurry,
        settings: set,
        logs: wanted.logs.clone(),
    };
    let mut reports = Vec::new();
    for fault in named(&wanted.faults)? {
        let say = |what: &str| {
            if form == Form::Text {
                output::line(what);
            }
        };
        let report = torture::run(fault, &options, say).await;
        let report = report.map_err(|error| Fault::Failed(format!("{}: {error:#}", fault.name)))?;
        if form == Form::Text {
            output::line(&format!("\n{report}"));
        }
        reports.push(report);
    }
    let value: Value = json!({ "reports": reports });
    output::answer(form, || summary(&reports), &value);
    verdict(&reports)
}

fn named(names: &[String]) -> Result<Vec<&'static Torture>, Fault> {
    if names.iter().any(|name| name == "all") {
        return Ok(torture::all().collect());
    }
    let find = |name: &String| {
        torture::named(name)
            .ok_or_else(|| Fault::Usage(format!("there is no fault {name}; see `jeongsan torture list`")))
    };
    names.iter().map(find).collect()
}

fn verdict(reports: &[Report]) -> Result<(), Fault> {
    let of = |is_wrong: fn(&Report) -> bool| {
        let names: Vec<_> = reports.iter().filter(|r| is_wrong(r)).map(|r| r.fault).collect();
        names.join(", ")
    };
    let broken = of(Report::is_broken);
    if !broken.is_empty() {
        return Err(Fault::Break(format!(
            "lost, doubled, disordered or broken under: {broken}"
        )));
    }
    let unkept = of(|report| !report.kept_its_promises());
    if unkept.is_empty() {
        Ok(())
    } else {
        Err(Fault::Failed(format!("promises were not kept under: {unkept}")))
    }
}

/// One line a fault.
fn summary(reports: &[Report]) -> String {
    let head = [
        "fault",
        "acknowledged",
        "lost",
        "doubled",
        "order",
        "verify",
        "pause",
        "first after",
        "drained",
        "errors",
        "promises",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for report in reports {
        let ms = |time: Option<u64>| time.map_or("never".to_owned(), |ms| format!("{ms} ms"));
        let word = |is_so: bool| if is_so { "kept" } else { "broken" }.to_owned();
        rows.push(vec![
            report.fault.to_owned(),
            report.acknowledged.to_string(),
            report.lost.to_string(),
            report.doubled.to_string(),
            word(report.order_kept),
            if report.verify_clean { "clean" } else { "breaks" }.to_owned(),
            format!("{} ms", report.longest_pause_ms),
            ms(report.first_after_fault_ms),
            ms(report.drained_ms),
            report.errors.values().sum::<u64>().to_string(),
            word(report.kept_its_promises()),
        ]);
    }
    table(&rows)
}
