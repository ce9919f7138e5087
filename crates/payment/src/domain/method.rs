//! A stored means of payment.

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use contracts::events::TenderKind;
use ids::PaymentMethodId;

use super::payment::ConnectorName;
use super::token::Token;

/// While it is the last day of a month anywhere, a card of that month may be good: so far behind is the last time zone.
const LAST_ZONE: TimeDelta = TimeDelta::hours(12);

/// What a caller says of a means of payment when adding it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMethod {
    /// Who knows the token.
    pub connector: ConnectorName,
    /// Card, voucher, ...
    pub kind: TenderKind,
    /// The connector's token.
    pub token: Token,
    /// What can be shown of it.
    pub details: Details,
}

/// What can be shown of a means of payment, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Whose it is, as the caller calls the buyer; 1 to 64 characters.
    pub holder_reference: String,
    /// For example `visa`; 1 to 32 characters.
    pub brand: Option<String>,
    /// The last four digits of its number.
    pub last_four: Option<String>,
    /// The last day on which it can be used.
    pub expires_on: Option<NaiveDate>,
}

/// A means of payment that a caller added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Its name.
    pub id: PaymentMethodId,
    /// Who knows the token.
    pub connector: ConnectorName,
    /// Card, voucher, ...
    pub kind: TenderKind,
    /// What can be shown of it.
    pub details: Details,
    /// Whether the holder pays with it unless another one is named.
    pub is_default: bool,
    /// Since when it is known here.
    pub created_at: DateTime<Utc>,
    /// Since when no new payment may use it.
    pub detached_at: Option<DateTime<Utc>>,
}

/// What a tender shows of the means that it is paid by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidBy {
    /// Its name.
    pub id: PaymentMethodId,
    /// For example `visa`.
    pub brand: Option<String>,
    /// The last four digits of its number.
    pub last_four: Option<String>,
}

/// Why a means of payment can't pay a tender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// The caller added none of that name.
    Unknown,
    /// No new payment may use it.
    Detached,
    /// Another connector knows it.
    OfConnector(ConnectorName),
    /// It is of another kind.
    OfKind(TenderKind),
    /// Its last day is over.
    Expired(NaiveDate),
}

impl Method {
    /// Whether it can pay a tender of that kind through that connector now.
    pub fn pays(
        &self,
        connector: ConnectorName,
        kind: TenderKind,
        now: DateTime<Utc>,
    ) -> Result<(), Unusable> {
        if self.detached_at.is_some() {
            return Err(Unusable::Detached);
        }
        if self.connector != connector {
            return Err(Unusable::OfConnector(self.connector));
        }
        if self.kind != kind {
            return Err(Unusable::OfKind(self.kind));
        }
        match self.details.expires_on {
            Some(day) if is_over(day, now) => Err(Unusable::Expired(day)),
            _ => Ok(()),
        }
    }
}

/// Whether that day is over everywhere.
pub fn is_over(day: NaiveDate, now: DateTime<Utc>) -> bool {
    (now - LAST_ZONE).date_naive() > day
}

/// The last day of a month that is written as 2030-12.
pub fn end_of_month(text: &str) -> Option<NaiveDate> {
    let (year, month) = text.split_once('-')?;
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || month.len() != 2 || !is_number(year) || !is_number(month) {
        return None;
    }
    let first = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1)?;
    first.checked_add_months(Months::new(1))?.pred_opt()
}

/// The month of a day, as 2030-12.
pub fn month_of(day: NaiveDate) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConnectorName::{External, Simulator};

    fn card(expires_on: Option<&str>) -> Method {
        Method {
            id: PaymentMethodId::generate(),
            connector: Simulator,
            kind: TenderKind::Card,
            details: Details {
                holder_reference: "buyer".to_owned(),
                brand: None,
                last_four: None,
                expires_on: expires_on.and_then(end_of_month),
            },
            is_default: false,
            created_at: DateTime::UNIX_EPOCH,
            detached_at: None,
        }
    }

    #[test]
    fn a_method_pays_what_it_is_made_for_until_its_month_is_over_everywhere() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let day = end_of_month("2030-12").unwrap();
        let detached = Method {
            detached_at: Some(DateTime::UNIX_EPOCH),
            ..card(Some("2000-01"))
        };
        for (method, connector, kind, now, expected) in [
            (
                card(None),
                Simulator,
                TenderKind::Card,
                "2999-01-01T00:00:00Z",
                Ok(()),
            ),
            (
                card(Some("2030-12")),
                Simulator,
                TenderKind::Card,
                "2030-12-31T23:59:59Z",
                Ok(()),
            ),
            (
                card(Some("2030-12")),
                Simulator,
                TenderKind::Card,
                "2031-01-01T11:59:59Z",
                Ok(()),
            ),
            (
                card(Some("2030-12")),
                Simulator,
                TenderKind::Card,
                "2031-01-01T12:00:00Z",
                Err(Unusable::Expired(day)),
            ),
            (
                card(None),
                External,
                TenderKind::Card,
                "2026-01-01T00:00:00Z",
                Err(Unusable::OfConnector(Simulator)),
            ),
            (
                card(None),
                Simulator,
                TenderKind::Points,
                "2026-01-01T00:00:00Z",
                Err(Unusable::OfKind(TenderKind::Card)),
            ),
            (
                detached,
                Simulator,
                TenderKind::Card,
                "2026-01-01T00:00:00Z",
                Err(Unusable::Detached),
            ),
        ] {
            assert_eq!(
                method.pays(connector, kind, at(now)),
                expected,
                "{method:?} {now}"
            );
        }
    }

    #[test]
    fn a_month_is_read_as_its_last_day() {
        for (text, day) in [
            ("2030-12", Some("2030-12-31")),
            ("2028-02", Some("2028-02-29")),
            ("2027-02", Some("2027-02-28")),
            ("2030-13", None),
            ("2030-00", None),
            ("2030-1", None),
            ("30-12", None),
            ("2030-12-31", None),
            ("+203-12", None),
            ("203012", None),
            ("12/30", None),
            ("", None),
        ] {
            let read = end_of_month(text);
            assert_eq!(read.map(|d| d.to_string()).as_deref(), day, "{text}");
            if let Some(read) = read {
                assert_eq!(month_of(read), text);
            }
        }
    }
}
