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
    let mut requested = request(&api, wanted).await?;
    let mut status = api.get("/v1/settlement-status").await?;
    while wanted.wait && next(&status, wanted) != Next::Done {
        // Sales that were still being taken in may have opened windows that ended long ago.
        if next(&status, wanted) == Next::RequestAgain {
            requested += request(&api, wanted).await?;
        }
        tokio::time::sleep(PAUSE).await;
        status = api.get("/v1/settlement-status").await?;
    }
    let waiting = count(&status, "waiting_lines");
    let text = || {
        let word = if wanted.wait { "settled" } else { "to be settled" };
        match waiting {
            0 => format!("{requested} windows {word}"),
            lines => format!("{requested} windows {word}; {lines} lines wait for a contract"),
        }
    };
    output::answer(form, text, &json!({ "requested": requested, "status": status }));
    Ok(())
}

/// How many windows were requested now.
async fn request(api: &Api, wanted: &Settle) -> Result<i64, Fault> {
    let key = format!("settle-{:032x}", rand::random::<u128>());
    let body = json!({ "up_to": wanted.up_to });
    let asked = api.post("/v1/settlements", &key, &body).await?.success()?;
    Ok(count(&asked, "requested"))
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Done,
    Wait,
    RequestAgain,
}

fn next(status: &Value, wanted: &Settle) -> Next {
    let busy = ["payments_lag", "pricing_requests", "requested_windows"];
    if busy.iter().any(|name| count(status, name) > 0) {
        return Next::Wait;
    }
    // With a last day, later windows are none of our business.
    if wanted.up_to.is_none() && count(status, "ended_windows_open") > 0 {
        return Next::RequestAgain;
    }
    Next::Done
}

fn count(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_for_what_is_on_its_way_and_asks_again_for_what_has_ended() {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 22);
        for (status, up_to, expected) in [
            (
                json!({ "payments_lag": 1, "ended_windows_open": 1 }),
                None,
                Next::Wait,
            ),
            (json!({ "pricing_requests": 1 }), None, Next::Wait),
            (json!({ "requested_windows": 1 }), day, Next::Wait),
            (json!({ "ended_windows_open": 1 }), None, Next::RequestAgain),
            (json!({ "ended_windows_open": 1 }), day, Next::Done),
            (json!({ "waiting_lines": 3, "open_windows": 2 }), None, Next::Done),
        ] {
            assert_eq!(
                next(&status, &Settle { up_to, wait: true }),
                expected,
                "{status} {up_to:?}"
            );
        }
    }
}
