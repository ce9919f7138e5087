//! `jeongsan settle`: closes every window that has ended, now instead of at the scheduler's next round.

use std::time::Duration;

use chassis::Settings;
use serde_json::{Value, json};

use crate::cli::Settle;
use crate::client::Api;
use crate::fault::Fault;
use crate::output::{self, Form};

/// Between two questions whether it is done.
const PAUSE: Duration = Duration::from_millis(250);

pub(crate) async fn run(settings: &Settings, wanted: &Settle, form: Form) -> Result<(), Fault> {
    let api = Api::new(settings)?;
    let body = match wanted.up_to {
        Some(day) => json!({ "up_to": day }),
        None => json!({}),
    };
    let key = format!("settle-{:032x}", rand::random::<u128>());
    let asked = api.post("/v1/settlements", &key, &body).await?.success()?;
    let status = if wanted.wait {
        Some(until_quiet(&api).await?)
    } else {
        None
    };
    let value = json!({ "asked": asked, "status": status });
    let text = || match &status {
        None => format!("asked for: {asked}"),
        Some(status) => format!("settled: {status}"),
    };
    output::answer(form, text, &value);
    Ok(())
}

/// The first status that says that nothing is left to do.
async fn until_quiet(api: &Api) -> Result<Value, Fault> {
    loop {
        let status = api.get("/v1/settlement-status").await?;
        if status.get("quiet").and_then(Value::as_bool) == Some(true) {
            return Ok(status);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
