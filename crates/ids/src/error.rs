//! Why a text is not the identifier that was asked for.

/// Why a text is not the identifier that was asked for. The text itself is not repeated: it came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The text does not begin with this type's prefix: it names something else, or nothing.
    #[error("this is not an identifier of the kind `{expected}_`: give one that begins with `{expected}_`")]
    WrongPrefix {
        /// The prefix that was expected, without the underscore.
        expected: &'static str,
    },
    /// The prefix is right, but what follows is not an identifier.
    #[error(
        "what follows `{expected}_` must be 26 digits of lower-case base32 (0-9, a-z without i, l, o, u): copy the identifier whole, as it was given"
    )]
    MalformedDigits {
        /// The prefix that was expected, without the underscore.
        expected: &'static str,
    },
}
