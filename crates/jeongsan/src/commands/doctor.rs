//! `jeongsan doctor`: what would keep the platform from running, each with its remedy.

mod cache;
mod database;
mod events;
mod folder;
mod ports;

use chassis::{Clock as _, Settings, SystemClock};
use serde_json::json;

use crate::fault::Fault;
use crate::output::{self, Form, table};
use crate::settings;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    Warning,
    Wrong,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug)]
struct Check {
    name: String,
    verdict: Verdict,
    found: String,
    /// Empty where nothing is to be done.
    remedy: String,
}

impl Check {
    fn fine(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(name, Verdict::Fine, found, "")
    }

    fn warning(name: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, Verdict::Warning, found, remedy)
    }

    fn wrong(name: impl Into<String>, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, Verdict::Wrong, found, remedy)
    }

    fn new(
        name: impl Into<String>,
        verdict: Verdict,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            verdict,
            found: found.into(),
            remedy: remedy.into(),
        }
    }
}

/// Looks at everything; fails where something is wrong, warnings pass.
pub(crate) async fn run(settings: &Settings, form: Form) -> Result<(), Fault> {
    let mut checks = vec![Check::fine("version", env!("CARGO_PKG_VERSION"))];
    checks.extend(folder::look(settings));
    checks.extend(database::look(settings).await);
    checks.push(cache::look(settings).await);
    checks.push(events::look(settings).await);
    checks.extend(ports::look(settings).await);
    checks.push(clock(settings));
    let value = checks
        .iter()
        .map(|check| {
            let verdict = check.verdict.as_str();
            json!({ "name": check.name, "verdict": verdict, "found": check.found, "remedy": check.remedy })
        })
        .collect();
    output::answer(form, || render(&checks), &value);
    let wrong = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Wrong)
        .count();
    if wrong > 0 {
        return Err(Fault::Failed(format!(
            "wrong: {wrong}; each has its remedy above"
        )));
    }
    Ok(())
}

fn render(checks: &[Check]) -> String {
    let rows: Vec<_> = checks
        .iter()
        .map(|check| {
            let remedy = if check.remedy.is_empty() {
                String::new()
            } else {
                format!(" -> {}", check.remedy)
            };
            vec![
                check.verdict.as_str().to_owned(),
                check.name.clone(),
                format!("{}{remedy}", check.found),
            ]
        })
        .collect();
    table(&rows)
}

fn clock(settings: &Settings) -> Check {
    let moved = settings::file_clock(settings).map_or(0, |clock| {
        clock.now().signed_duration_since(SystemClock.now()).num_seconds()
    });
    match moved {
        0 => Check::fine("clock", "the machine's"),
        seconds => Check::warning(
            "clock",
            format!("moved by {seconds} s"),
            "`jeongsan clock reset` brings it back to the machine's",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_stands_behind_what_was_found() {
        let checks = [Check::fine("a", "1"), Check::wrong("port", "taken", "free it")];
        assert_eq!(render(&checks), "ok     a     1\nwrong  port  taken -> free it");
    }
}
