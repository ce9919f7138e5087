//! The one definition all typed identifiers share.

use std::fmt;

use uuid::{NoContext, Timestamp, Uuid};

use crate::{IdError, base32};

/// A fresh `UUIDv7` of this Unix time in milliseconds; 48 bits of it count (until the year 10889).
pub(crate) fn uuid_at(millis: u64) -> Uuid {
    let nanos = u32::try_from(millis % 1_000).unwrap_or_default() * 1_000_000;
    Uuid::new_v7(Timestamp::from_unix(NoContext, millis / 1_000, nanos))
}

pub(crate) fn print(prefix: &str, uuid: Uuid, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = String::with_capacity(prefix.len() + 1 + base32::WIDTH);
    text.push_str(prefix);
    text.push('_');
    text.extend(base32::encode(uuid.as_u128()));
    f.pad(&text)
}

pub(crate) fn parse(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(IdError::WrongPrefix { expected: prefix })?;
    let number = base32::decode(digits).ok_or(IdError::MalformedDigits { expected: prefix })?;
    Ok(Uuid::from_u128(number))
}

/// Defines one type per line, `/// doc`, name and prefix, all with the same behaviour.
macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal,)+) => {$(
        $(#[$doc])*
        ///
        /// Ordered by the time it was made; JSON and text are the prefix, `_` and 26 digits.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(::uuid::Uuid);

        impl $name {
            /// What the text begins with, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier of now. Those of one process ascend, within a millisecond too.
            pub fn generate() -> Self {
                Self(::uuid::Uuid::now_v7())
            }

            /// A new identifier of the caller's clock: `millis` since the Unix epoch, of which 48 bits count.
            /// The rest is random, so those of the same millisecond come in no order.
            pub fn generate_at(millis: u64) -> Self {
                Self($crate::typed::uuid_at(millis))
            }

            /// The identifier of a stored `uuid`.
            pub const fn from_uuid(uuid: ::uuid::Uuid) -> Self {
                Self(uuid)
            }

            /// What goes into a `uuid` column.
            pub const fn as_uuid(self) -> ::uuid::Uuid {
                self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                $crate::typed::print(Self::PREFIX, self.0, f)
            }
        }

        /// As the text: a log line is searched by it.
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::IdError> {
                $crate::typed::parse(Self::PREFIX, text).map(Self)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema> {
                ::utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(::utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .examples([concat!($prefix, "_01jd8m3k7efg8v5n2x4c6b9t0r")])
                    .into()
            }
        }

        impl ::utoipa::ToSchema for $name {}
    )+};
}

pub(crate) use typed_ids;
