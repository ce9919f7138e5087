//! Enums that are words in the database and on the wire.

/// Defines an enum whose variants each have one word, for SQL, JSON and text alike.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in the order of their definition.
            #[allow(dead_code, reason = "some words are only ever looked at one by one")]
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word that stands for it in the database and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            /// Reads the word; the error says which words there are.
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!("give one of: {}", [$($word),+].join(", "))),
                }
            }
        }
    };
}

pub(crate) use words;
