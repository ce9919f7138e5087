//! Which lists are asked for.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ids::PartnerId;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Newest,
    Oldest,
    Largest,
    Smallest,
}

/// What a list is narrowed to.
#[derive(Debug, Clone)]
pub enum Filter {
    Status(&'static str),
    Reference(String),
    Partner(PartnerId),
    LastFour(&'static str),
    Currency(&'static str),
    AmountFrom(i64),
    AmountTo(i64),
    From(DateTime<Utc>),
    To(DateTime<Utc>),
}

impl Filter {
    /// As the API takes it.
    fn query(&self) -> String {
        let time = |at: &DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        match self {
            Self::Status(status) => format!("status={status}"),
            Self::Reference(reference) => format!("order_reference={reference}"),
            Self::Partner(partner) => format!("partner_id={partner}"),
            Self::LastFour(digits) => format!("last_four={digits}"),
            Self::Currency(code) => format!("currency={code}"),
            Self::AmountFrom(minor) => format!("amount_from_minor={minor}"),
            Self::AmountTo(minor) => format!("amount_to_minor={minor}"),
            Self::From(at) => format!("created_from={}", time(at)),
            Self::To(at) => format!("created_to={}", time(at)),
        }
    }

    /// As SQL, put without a thought of speed.
    fn condition(&self) -> String {
        match self {
            Self::Status(status) => format!("status = '{status}'"),
            Self::Reference(reference) => format!("order_reference = '{reference}'"),
            Self::Partner(partner) => format!(
                "payment_id in (select payment_id from payment_lines where partner_id = '{}')",
                partner.as_uuid()
            ),
            Self::LastFour(digits) => format!(
                "payment_id in (select payment_id from tenders join payment_methods using (payment_method_id)
                                 where last_four = '{digits}')"
            ),
            Self::Currency(code) => format!("currency = '{code}'"),
            Self::AmountFrom(minor) => format!("amount_minor >= {minor}"),
            Self::AmountTo(minor) => format!("amount_minor <= {minor}"),
            Self::From(at) => format!("created_at >= '{}'", at.to_rfc3339()),
            Self::To(at) => format!("created_at < '{}'", at.to_rfc3339()),
        }
    }
}

/// One list.
pub struct Case {
    pub name: String,
    pub order: Order,
    pub filters: Vec<Filter>,
}

impl Case {
    /// What follows the path and the limit.
    pub fn query(&self) -> String {
        let order = match self.order {
            Order::Newest => "newest",
            Order::Oldest => "oldest",
            Order::Largest => "largest",
            Order::Smallest => "smallest",
        };
        let mut text = format!("&sort={order}");
        for filter in &self.filters {
            let _never = write!(text, "&{}", filter.query());
        }
        text
    }

    /// How many payments it has, counted.
    pub async fn count(&self, sql: &mut PgConnection) -> Result<usize> {
        let mut text = "select count(*) from payments where true".to_owned();
        for filter in &self.filters {
            let _never = write!(text, " and {}", filter.condition());
        }
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(sql).await?;
        Ok(usize::try_from(found)?)
    }
}

/// The partner of that rank, as `functions.sql` calls it.
fn partner(rank: u128) -> Result<Filter> {
    // Its digits are decimal ones.
    let digits =
        u128::from_str_radix(&rank.to_string(), 16).context("decimal digits are hexadecimal ones")?;
    let id = 0x018d_0000_0000_7000_8000_0000_0000_0000 | digits;
    Ok(Filter::Partner(PartnerId::from_uuid(Uuid::from_u128(id))))
}

/// Every list, of a database of so many payments.
#[allow(clippy::too_many_lines, reason = "it is a table")]
pub async fn all(sql: &mut PgConnection, payments: i64) -> Result<Vec<Case>> {
    use Filter::{AmountFrom, AmountTo, Currency, From, LastFour, Reference, Status, To};
    use Order::{Largest, Newest, Oldest, Smallest};
    let now: DateTime<Utc> = sqlx::query_scalar("select now()").fetch_one(sql).await?;
    let ago = |days| now - TimeDelta::days(days);
    let (krw, usd) = (Currency("KRW"), Currency("USD"));
    let (big, cheap, gone, middle, few) = (
        partner(1)?,
        partner(2)?,
        partner(3)?,
        partner(100)?,
        partner(1001)?,
    );
    let reference = Reference(format!("order-{:012}", payments / 2));
    let table: Vec<(&str, Order, Vec<Filter>)> = vec![
        ("everything, newest", Newest, vec![]),
        ("everything, oldest", Oldest, vec![]),
        ("KRW, largest", Largest, vec![krw.clone()]),
        ("KRW, smallest", Smallest, vec![krw.clone()]),
        ("USD, newest", Newest, vec![usd.clone()]),
        ("USD, largest", Largest, vec![usd.clone()]),
        ("order reference", Newest, vec![reference]),
        ("partner with a tenth", Newest, vec![big.clone()]),
        (
            "partner with a tenth, largest",
            Largest,
            vec![big.clone(), krw.clone()],
        ),
        ("cheap partner, largest", Largest, vec![cheap, krw.clone()]),
        ("partner gone for a year", Newest, vec![gone]),
        ("middling partner", Newest, vec![middle.clone()]),
        (
            "middling partner, largest",
            Largest,
            vec![middle.clone(), krw.clone()],
        ),
        ("partner with 20 lines", Newest, vec![few.clone()]),
        (
            "partner with 20 lines, largest",
            Largest,
            vec![few.clone(), krw.clone()],
        ),
        ("completed", Newest, vec![Status("completed")]),
        (
            "completed, largest",
            Largest,
            vec![Status("completed"), krw.clone()],
        ),
        ("failed (1 %)", Newest, vec![Status("failed")]),
        ("failed, largest", Largest, vec![Status("failed"), krw.clone()]),
        (
            "failed, of at least 1,000,000 KRW",
            Newest,
            vec![Status("failed"), krw.clone(), AmountFrom(1_000_000)],
        ),
        (
            "waiting for the buyer (0.001 %)",
            Newest,
            vec![Status("requires_action")],
        ),
        (
            "waiting, largest",
            Largest,
            vec![Status("requires_action"), krw.clone()],
        ),
        (
            "100,000 to 200,000",
            Newest,
            vec![AmountFrom(100_000), AmountTo(200_000)],
        ),
        ("1,095,000 and more (0.02 %)", Newest, vec![AmountFrom(1_095_000)]),
        (
            "40,300 and more USD, oldest",
            Oldest,
            vec![usd, AmountFrom(40_300)],
        ),
        ("a month, a year ago", Newest, vec![From(ago(395)), To(ago(365))]),
        (
            "a month, a year ago, largest",
            Largest,
            vec![From(ago(395)), To(ago(365)), krw.clone()],
        ),
        (
            "a day, smallest",
            Smallest,
            vec![From(ago(101)), To(ago(100)), krw.clone()],
        ),
        ("frequent last four", Newest, vec![LastFour("4242")]),
        (
            "frequent last four, largest",
            Largest,
            vec![LastFour("4242"), krw.clone()],
        ),
        ("usual last four", Newest, vec![LastFour("7777")]),
        ("rare last four", Newest, vec![LastFour("0007")]),
        ("partner + failed", Newest, vec![big.clone(), Status("failed")]),
        (
            "partner + failed + a month",
            Newest,
            vec![big.clone(), Status("failed"), From(ago(60)), To(ago(30))],
        ),
        (
            "partner + waiting",
            Newest,
            vec![big.clone(), Status("requires_action")],
        ),
        (
            "middling partner + failed",
            Oldest,
            vec![middle, Status("failed")],
        ),
        (
            "partner + amounts",
            Newest,
            vec![big.clone(), AmountFrom(900_000), AmountTo(910_000)],
        ),
        (
            "partner + month, largest",
            Largest,
            vec![big.clone(), krw, From(ago(60)), To(ago(30))],
        ),
        (
            "partner + frequent last four",
            Newest,
            vec![big, LastFour("4242")],
        ),
        (
            "20 lines + frequent last four",
            Newest,
            vec![few, LastFour("4242")],
        ),
    ];
    let cases = table.into_iter().map(|(name, order, filters)| Case {
        name: name.to_owned(),
        order,
        filters,
    });
    Ok(cases.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_asked_for_as_the_api_takes_it() {
        let case = Case {
            name: String::new(),
            order: Order::Largest,
            filters: vec![Filter::Currency("KRW"), Filter::From(DateTime::UNIX_EPOCH)],
        };
        assert_eq!(
            case.query(),
            "&sort=largest&currency=KRW&created_from=1970-01-01T00:00:00.000000Z"
        );
    }

    #[test]
    fn a_partner_is_called_as_the_rows_call_it() {
        let Filter::Partner(id) = partner(1001).unwrap() else {
            panic!("not a partner");
        };
        assert_eq!(id.as_uuid().to_string(), "018d0000-0000-7000-8000-000000001001");
    }
}
