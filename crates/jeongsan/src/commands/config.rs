//! `jeongsan config`: every setting, its value, and where that comes from.

use chassis::Settings;
use clap::Subcommand;
use serde_json::json;

use crate::fault::Fault;
use crate::output::{self, Form, table};

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Every setting, its value and where that comes from; secrets are not shown
    Show,
}

#[allow(clippy::unnecessary_wraps, reason = "as every command")]
pub(crate) fn show(settings: &Settings, form: Form) -> Result<(), Fault> {
    let all = settings.all();
    let text = || {
        let head = ["setting", "value", "from", "what it is for"]
            .map(str::to_owned)
            .to_vec();
        let rows = all.iter().map(|setting| {
            let value = if setting.shown.is_empty() {
                "-"
            } else {
                &setting.shown
            };
            [
                setting.key.name,
                value,
                &setting.origin.to_string(),
                setting.key.doc,
            ]
            .map(str::to_owned)
            .to_vec()
        });
        table(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
    };
    let value = all
        .iter()
        .map(|setting| {
            let (key, origin) = (setting.key, setting.origin.to_string());
            json!({ "name": key.name, "value": setting.shown, "from": origin, "default": key.default, "doc": key.doc })
        })
        .collect();
    output::answer(form, text, &value);
    Ok(())
}
