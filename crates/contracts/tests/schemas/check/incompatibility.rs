//! What is wrong, where, and what to do.

use std::fmt;

/// One change that a service of one of the two versions could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incompatibility {
    /// The place as a JSON pointer: in the new schema where there is one, otherwise in the old.
    pub pointer: String,
    /// What changed.
    pub change: Change,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A property is gone.
    PropertyRemoved,
    /// A property has to be there that could be missing before, or was not known.
    PropertyRequired,
    /// A property may be missing that was always there.
    PropertyOptional,
    /// A property came to an object that takes none but its own.
    PropertyUnexpected,
    /// An object takes no unknown properties any more.
    Closed,
    /// Another JSON type.
    Type,
    /// A bound or a form of the value: `minimum`, `format`, `pattern`, ...
    Limit(String),
    /// `null` is allowed now.
    Nullable,
    /// `null` is not allowed any more.
    NotNullable,
    /// A value of an enumeration came.
    ValueAdded(String),
    /// A value of an enumeration went.
    ValueRemoved(String),
    /// One form of several came.
    VariantAdded,
    /// One form of several went.
    VariantRemoved,
    /// What a missing property means.
    Default,
    /// A keyword that this check can't judge.
    Unknown(String),
}

impl Change {
    /// What happened, and who can't read what.
    fn story(&self) -> String {
        match self {
            Self::PropertyRemoved => "is gone, and older services need it or miss it silently".to_owned(),
            Self::PropertyRequired => "is required now, and older events don't have it".to_owned(),
            Self::PropertyOptional => "may be missing now, and older services need it".to_owned(),
            Self::PropertyUnexpected => "is new in an object of which older services refuse what they don't \
                                         know (`deny_unknown_fields`)"
                .to_owned(),
            Self::Closed => {
                "takes no unknown properties any more, and events of other versions may have some".to_owned()
            }
            Self::Type => "has another type".to_owned(),
            Self::Limit(keyword) => {
                format!("has another `{keyword}`, so that one side refuses what the other writes")
            }
            Self::Nullable => "may be null now, and older services can't read that".to_owned(),
            Self::NotNullable => "may not be null any more, and in older events it is".to_owned(),
            Self::ValueAdded(value) => format!("has the new value {value}, which older services can't read"),
            Self::ValueRemoved(value) => format!("lacks the value {value}, which older events have"),
            Self::VariantAdded => "is a new form of this value, which older services can't read".to_owned(),
            Self::VariantRemoved => {
                "is a form of this value that is gone, and older events have it".to_owned()
            }
            Self::Default => "means something else where it is missing".to_owned(),
            Self::Unknown(keyword) => format!("has another `{keyword}`, which this check can't judge"),
        }
    }

    fn remedy(&self) -> &'static str {
        match self {
            Self::PropertyRequired => {
                "give it a default (`#[serde(default)]`), or the topic a new schema version"
            }
            Self::PropertyRemoved | Self::ValueRemoved(_) | Self::VariantRemoved => {
                "keep it, or give the topic a new schema version"
            }
            Self::PropertyUnexpected | Self::ValueAdded(_) | Self::VariantAdded => {
                "leave it out, or give the topic a new schema version"
            }
            Self::Unknown(_) => "teach the check, or give the topic a new schema version",
            _ => "leave it as it was, or give the topic a new schema version",
        }
    }
}

impl fmt::Display for Incompatibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "the event"
        } else {
            &self.pointer
        };
        write!(f, "{place} {}: {}", self.change.story(), self.change.remedy())
    }
}
