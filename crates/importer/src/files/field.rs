//! From the text of a field to its value.

use calendar::{CalendarError, TimeZone};
use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use money::{Currency, Money};
use web::card_number;

use super::fault::Fault;

/// A text that may not be empty.
pub(crate) fn required(text: &str) -> Result<&str, Fault> {
    if text.is_empty() {
        Err(Fault::Empty)
    } else {
        Ok(text)
    }
}

/// The longest reference of an order or a seller, and the longest category, in characters.
pub(crate) const REFERENCE: usize = 64;
/// The longest city, in characters: with the seller's reference it makes the partner's name of at most 200.
pub(crate) const CITY: usize = 130;

/// A text of at most `most` characters, and no card number in it.
pub(crate) fn short(text: &str, most: usize) -> Result<&str, Fault> {
    if card_number::find(text).is_some() {
        return Err(Fault::CardNumber);
    }
    let found = text.chars().count();
    if found > most {
        Err(Fault::TooLong { most, found })
    } else {
        Ok(text)
    }
}

/// A reference: a text of 1 to 64 characters.
pub(crate) fn reference(text: &str) -> Result<&str, Fault> {
    short(required(text)?, REFERENCE)
}

/// A whole number of 1 or more.
pub(crate) fn number(text: &str) -> Result<u32, Fault> {
    required(text)?
        .parse()
        .ok()
        .filter(|number| *number >= 1)
        .ok_or_else(|| Fault::NotANumber { text: excerpt(text) })
}

/// An amount of 0 or more, exactly, in minor units.
pub(crate) fn amount(text: &str, currency: Currency) -> Result<i64, Fault> {
    let amount = Money::parse_decimal(required(text)?, currency)?;
    if amount.is_negative() {
        return Err(Fault::Negative { text: excerpt(text) });
    }
    Ok(amount.amount_minor())
}

/// A local time of the zone, or an instant with its own offset; not before 2000 and not after `now`.
pub(crate) fn time(text: &str, zone: TimeZone, now: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
    let not_a_date = || Fault::NotADate { text: excerpt(text) };
    let local = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let at = match (required(text)?, local) {
        (_, Some(local)) => zone.local_to_utc(local).map_err(|refusal| match refusal {
            CalendarError::SkippedLocalTime { .. } => Fault::SkippedTime(refusal),
            _ => not_a_date(),
        })?,
        (text, None) => DateTime::parse_from_rfc3339(text)
            .map_err(|_| not_a_date())?
            .to_utc(),
    };
    if at.year() < 2000 {
        return Err(not_a_date());
    }
    if at > now {
        return Err(Fault::InFuture { text: excerpt(text) });
    }
    Ok(at)
}

/// The beginning of a text, for a message. A card number in a wrong column is not shown.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    let text = card_number::mask(text);
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use calendar::TimeZone;
    use chrono::{DateTime, Utc};

    use super::{Fault, number, time};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_local_time_is_one_of_its_zone() {
        let now = at("2026-11-22T00:00:00Z");
        for (text, zone, utc) in [
            ("2017-05-03 11:05:00", "America/Sao_Paulo", "2017-05-03T14:05:00Z"),
            ("2018-01-18 14:48:00", "America/Sao_Paulo", "2018-01-18T16:48:00Z"),
            ("2026-01-01 00:00:00", "Asia/Seoul", "2025-12-31T15:00:00Z"),
            ("2026-01-01T00:00:00", "Asia/Seoul", "2025-12-31T15:00:00Z"),
            ("2026-01-01 00:00", "Asia/Seoul", "2025-12-31T15:00:00Z"),
            ("2026-01-01T00:00:00+02:00", "Asia/Seoul", "2025-12-31T22:00:00Z"),
            ("2026-11-22 09:00:00", "Asia/Seoul", "2026-11-22T00:00:00Z"),
        ] {
            let zone = TimeZone::parse(zone).unwrap();
            assert_eq!(time(text, zone, now), Ok(at(utc)), "{text}");
        }
    }

    #[test]
    fn a_time_that_is_none_or_never_was_or_is_to_come_is_refused() {
        let now = at("2026-11-22T00:00:00Z");
        let zone = TimeZone::parse("America/Sao_Paulo").unwrap();
        let refused = |text| time(text, zone, now).unwrap_err();
        assert_eq!(refused(""), Fault::Empty);
        // Clocks went forward over this hour.
        assert!(matches!(refused("2017-10-15 00:30:00"), Fault::SkippedTime(_)));
        assert!(matches!(refused("2026-11-21 21:00:01"), Fault::InFuture { .. }));
        for text in [
            "2017-02-29 00:00:00",
            "03/05/2017 11:05",
            "2017-05-03",
            "0217-05-03 11:05:00",
            "1999-05-03 11:05:00",
            "yesterday",
        ] {
            assert!(matches!(refused(text), Fault::NotADate { .. }), "{text}");
        }
    }

    #[test]
    fn a_number_is_whole_and_at_least_one() {
        assert_eq!(number("12"), Ok(12));
        for text in ["0", "-1", "1.0", "one", "99999999999"] {
            assert!(matches!(number(text), Err(Fault::NotANumber { .. })), "{text}");
        }
    }
}
