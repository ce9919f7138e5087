//! Enums that are words in the database and on the wire.

/// Defines an enum whose variants each have one word, for SQL, JSON and text alike.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
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

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                web::words_schema(concat!($($doc),*), &[$($word),+])
            }
        }

        impl utoipa::ToSchema for $name {}

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

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema as _;

    words! {
        /// Something that is asked
        /// and answered.
        Answer {
            /// So it is.
            Yes = "of_course",
            /// It is not.
            No = "never",
        }
    }

    #[test]
    fn the_document_names_the_words_and_not_the_variants() {
        let schema = serde_json::to_value(Answer::schema()).unwrap();
        let words: Vec<_> = Answer::ALL.iter().map(|answer| answer.as_str()).collect();
        assert_eq!(schema["enum"], serde_json::json!(words));
        assert_eq!(schema["description"], "Something that is asked and answered.");
        assert_eq!(serde_json::to_value(Answer::No).unwrap(), "never");
    }
}
