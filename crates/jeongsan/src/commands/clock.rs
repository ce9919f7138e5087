//! `jeongsan clock`: the time of a trial installation, shown and moved.

use chassis::{Clock as _, FileClock, Settings, SystemClock};
use chrono::{DateTime, FixedOffset, SecondsFormat, TimeDelta, Utc};
use clap::Subcommand;
use serde_json::json;

use crate::fault::Fault;
use crate::output::{self, Form};
use crate::settings;

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// The platform's time, and how far it is from the machine's
    Show,
    /// Set the platform's time; from there it goes on
    Set {
        /// For example 2026-12-01T09:00:00+09:00
        instant: DateTime<FixedOffset>,
    },
    /// Move the platform's time forward
    Advance {
        /// For example 90s, 15m, 36h, 3d or 2w
        #[arg(value_parser = duration)]
        by: TimeDelta,
    },
    /// Back to the machine's time
    Reset,
}

pub(crate) fn run(settings: &Settings, action: &Action, form: Form) -> Result<(), Fault> {
    let Some(clock) = settings::file_clock(settings) else {
        return match action {
            Action::Show => {
                show(SystemClock.now(), form);
                Ok(())
            }
            _ => Err(Fault::Refused(
                "the time of a production installation is the machine's; it can't be moved".to_owned(),
            )),
        };
    };
    let moved = match action {
        Action::Show => Ok(()),
        Action::Set { instant } => set(settings, &clock, instant.to_utc()),
        Action::Advance { by } => clock
            .now()
            .checked_add_signed(*by)
            .ok_or_else(|| std::io::Error::other("that is beyond the calendar"))
            .and_then(|instant| set(settings, &clock, instant)),
        Action::Reset => clock.reset(),
    };
    moved.map_err(|e| Fault::failed("cannot move the clock", &e))?;
    show(clock.now(), form);
    Ok(())
}

fn set(settings: &Settings, clock: &FileClock, instant: DateTime<Utc>) -> std::io::Result<()> {
    std::fs::create_dir_all(settings::data_dir(settings))?;
    clock.set(instant)
}

fn show(now: DateTime<Utc>, form: Form) {
    // To the nearest second: between two readings of a clock a moment passes.
    let ahead = now.signed_duration_since(SystemClock.now()) + TimeDelta::milliseconds(500);
    let ahead = ahead.num_milliseconds().div_euclid(1_000);
    let instant = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let text = || match ahead {
        0 => format!("{instant} (the machine's time)"),
        seconds if seconds > 0 => format!("{instant} ({seconds} s ahead of the machine's time)"),
        seconds => format!(
            "{instant} ({} s behind the machine's time)",
            seconds.unsigned_abs()
        ),
    };
    output::answer(form, text, &json!({ "now": instant, "ahead_s": ahead }));
}

/// A whole number and its unit.
fn duration(text: &str) -> Result<TimeDelta, String> {
    let remedy = || "write a number and s, m, h, d or w, for example 36h".to_owned();
    let unit = text.chars().last().ok_or_else(remedy)?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(remedy()),
    };
    let count: u32 = text.trim_end_matches(unit).parse().map_err(|_| remedy())?;
    TimeDelta::try_seconds(seconds * i64::from(count)).ok_or_else(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, seconds) in [
            ("90s", 90),
            ("15m", 900),
            ("36h", 129_600),
            ("3d", 259_200),
            ("2w", 1_209_600),
        ] {
            assert_eq!(duration(text).unwrap().num_seconds(), seconds, "{text}");
        }
        for wrong in ["", "3", "h", "-3d", "3 d", "3y", "1.5h", "3é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
