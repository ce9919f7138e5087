//! From business-local days to instants and back.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::CalendarError;

/// A time zone of the IANA database, in JSON by its name. The default is Asia/Seoul.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "Asia/Seoul")]
pub struct TimeZone(Tz);

impl TimeZone {
    /// The zone of an IANA name, as the database spells it. [`CalendarError::UnknownTimeZone`] for any other.
    pub fn parse(name: &str) -> Result<Self, CalendarError> {
        name.parse()
            .map(Self)
            .map_err(|_| CalendarError::UnknownTimeZone {
                name: name.to_owned(),
            })
    }

    /// The IANA name.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The local date of an instant: the business day it belongs to.
    pub fn date_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.0).date_naive()
    }

    /// The instant of a local time. Where the clocks were put back and it happened twice, the earlier; where
    /// they were put forward over it, [`CalendarError::SkippedLocalTime`].
    pub fn local_to_utc(&self, local: NaiveDateTime) -> Result<DateTime<Utc>, CalendarError> {
        self.earliest(local)
            .ok_or_else(|| CalendarError::SkippedLocalTime {
                local,
                zone: self.name().to_owned(),
            })
    }

    /// The first instant of a day: its 00:00, or the end of the gap that contains it.
    pub(crate) fn start_of(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        self.earliest(midnight)
            .or_else(|| GapInfo::new(&midnight, &self.0)?.end.map(|end| end.to_utc()))
            // Only at the far ends of what a date can hold, where an offset would overflow.
            .unwrap_or_else(|| midnight.and_utc())
    }

    fn earliest(self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
            LocalResult::None => None,
        }
    }
}

impl Default for TimeZone {
    fn default() -> Self {
        Self(Tz::Asia__Seoul)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TimeZone {
    type Err = CalendarError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

impl TryFrom<String> for TimeZone {
    type Error = CalendarError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name)
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.name().to_owned()
    }
}
