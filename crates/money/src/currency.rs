//! A currency: an active ISO 4217 code and its number of decimals.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::MoneyError;
use crate::error::excerpt;
use crate::iso4217::ACTIVE;

/// A currency: an active ISO 4217 code, which fixes how many decimals its major unit has. Ordered by code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

impl Currency {
    /// South Korean won, no decimals.
    pub const KRW: Self = Self {
        code: "KRW",
        exponent: 0,
    };
    /// United States dollar, two decimals.
    pub const USD: Self = Self {
        code: "USD",
        exponent: 2,
    };
    /// Brazilian real, two decimals.
    pub const BRL: Self = Self {
        code: "BRL",
        exponent: 2,
    };
    /// Euro, two decimals.
    pub const EUR: Self = Self {
        code: "EUR",
        exponent: 2,
    };
    /// Japanese yen, no decimals.
    pub const JPY: Self = Self {
        code: "JPY",
        exponent: 0,
    };

    /// Reads three capital letters. Lower case is [`MoneyError::UnknownCurrency`] too, so that a code has
    /// one spelling in keys and fingerprints.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        ACTIVE
            .iter()
            .find_map(|(exponent, codes)| {
                let found = codes.binary_search(&text).ok()?;
                codes.get(found).map(|code| Self {
                    code,
                    exponent: *exponent,
                })
            })
            .ok_or_else(|| MoneyError::UnknownCurrency { text: excerpt(text) })
    }

    /// Every active currency, in no promised order.
    pub fn all() -> impl Iterator<Item = Self> {
        ACTIVE.iter().flat_map(|(exponent, codes)| {
            codes.iter().map(|code| Self {
                code,
                exponent: *exponent,
            })
        })
    }

    /// The three capital letters.
    pub fn as_str(&self) -> &'static str {
        self.code
    }

    /// How many decimals the major unit has, 0 to 4: a dollar is 10^2 cents, a won is 10^0 won.
    pub fn exponent(self) -> u8 {
        self.exponent
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse(text)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("An active ISO 4217 code."))
            .pattern(Some("^[A-Z]{3}$"))
            .examples(["KRW"])
            .into()
    }
}

impl ToSchema for Currency {}

#[cfg(test)]
mod tests {
    use super::Currency;

    #[test]
    fn minor_units_are_those_of_iso_4217() {
        let table = [
            ("KRW", 0),
            ("JPY", 0),
            ("VND", 0),
            ("USD", 2),
            ("BRL", 2),
            ("EUR", 2),
            ("KWD", 3),
            ("BHD", 3),
            ("CLF", 4),
        ];
        for (code, exponent) in table {
            let currency = Currency::parse(code).unwrap();
            assert_eq!((currency.as_str(), currency.exponent()), (code, exponent));
        }
    }

    #[test]
    fn a_constant_is_what_its_code_parses_to() {
        for constant in [
            Currency::KRW,
            Currency::USD,
            Currency::BRL,
            Currency::EUR,
            Currency::JPY,
        ] {
            assert_eq!(Currency::parse(constant.as_str()), Ok(constant));
        }
    }

    #[test]
    fn every_active_currency_survives_print_and_parse() {
        for currency in Currency::all() {
            assert_eq!(currency.to_string().parse(), Ok(currency));
        }
    }

    #[test]
    fn what_is_not_an_active_code_is_refused() {
        for text in [
            "",
            "krw",
            "KR",
            "KRWW",
            " KRW",
            "XXX",
            "XAU",
            "DEM",
            "HRK",
            "BGN",
            "₩₩₩",
        ] {
            let refusal = Currency::parse(text).unwrap_err().to_string();
            assert!(
                refusal.contains(text) && refusal.contains("capital letters"),
                "{refusal}"
            );
        }
    }

    #[test]
    fn a_refusal_repeats_only_the_beginning_of_a_long_text() {
        assert!(
            Currency::parse(&"원".repeat(10_000))
                .unwrap_err()
                .to_string()
                .len()
                < 300
        );
    }

    #[test]
    fn json_is_the_code_and_is_validated() {
        assert_eq!(serde_json::to_string(&Currency::BRL).unwrap(), r#""BRL""#);
        assert_eq!(
            serde_json::from_str::<Currency>(r#""BRL""#).unwrap(),
            Currency::BRL
        );
        assert_eq!(
            serde_json::from_str::<Currency>(r#""\u0042RL""#).unwrap(),
            Currency::BRL
        );
        assert!(serde_json::from_str::<Currency>(r#""brl""#).is_err());
        assert!(serde_json::from_str::<Currency>("986").is_err());
    }
}
