//! Card numbers in texts where none may be: found so that they are refused, and neither kept nor logged.
//!
//! A number is found where it has the prefix and the length of an issuer, and its check digit is right. It may stand in
//! any text, in the digits of any script, spaced or not. What merely contains such digits is none: a longer run, an
//! identifier with letters in it, a UUID.

mod digits;
mod issuers;
mod json;
mod run;

use std::ops::Range;

use crate::{Code, FieldError};

pub use json::{find_in_json, find_in_value};

use run::Run;

/// Digits of the shortest number.
const SHORTEST: usize = 12;
/// Digits of the longest number.
const LONGEST: usize = 19;
/// Characters that may stand between two groups of one number, as in `4111 - 1111`.
const GAP: usize = 3;

/// Where a card number stands. It says nothing of the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// A JSON pointer, or the name of a parameter or header.
    pub pointer: String,
    /// Whether it is the name of a field below `pointer`, which can't be told without telling the number.
    pub is_name: bool,
}

impl Place {
    /// The text in that place is, or holds, a card number.
    pub fn of_text(pointer: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            is_name: false,
        }
    }

    /// What a client is told.
    pub fn refusal(&self) -> FieldError {
        let what = if self.is_name {
            "the name of a field in here"
        } else {
            "this text"
        };
        FieldError {
            pointer: self.pointer.clone(),
            code: Code::CardNumberRefused,
            detail: format!(
                "{what} holds a card number, which was neither kept nor logged: send the connector's token of the card"
            ),
        }
    }
}

/// The bytes of the first card number in `text`.
pub fn find(text: &str) -> Option<Range<usize>> {
    spans(text.as_bytes()).find_map(|span| find_within(text, &span))
}

/// The same within bytes of `text` that end where no number goes on.
fn find_within(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let beside = |at: Option<usize>| {
        at.and_then(|at| text.as_bytes().get(at))
            .map(|byte| char::from(*byte))
    };
    let mut run = Run::of(text);
    let mut before = beside(span.start.checked_sub(1));
    let mut gap = 0;
    for (at, character) in text.get(span.clone())?.char_indices() {
        let at = span.start + at;
        if let Some(digit) = digits::value(character) {
            if run.is_empty() {
                run.is_glued_before = before.is_some_and(is_letter);
            }
            run.push(digit, at..at + character.len_utf8(), gap > 0);
            gap = 0;
        } else if gap < GAP && !run.is_empty() && digits::is_separator(character) {
            gap += 1;
        } else {
            if let Some(found) = run.number() {
                return Some(found);
            }
            run = Run::of(text);
            gap = 0;
        }
        before = Some(character);
    }
    run.is_glued_after = gap == 0 && beside(Some(span.end)).is_some_and(is_letter);
    run.number()
}

/// `text` with every card number in it taken out.
pub fn mask(text: &str) -> String {
    let (mut masked, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(found) = find(rest) {
        masked.push_str(rest.get(..found.start).unwrap_or_default());
        masked.push_str("(card number)");
        rest = rest.get(found.end..).unwrap_or_default();
    }
    masked + rest
}

/// A letter that makes one word with a digit beside it. Korean particles follow a number without a space, so only
/// letters of the Latin alphabet do.
fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic()
}

/// The bytes where so many digits stand near each other that it is worth a closer look. A number has at least 12 bytes,
/// and no byte of it is one that ends a run: of a text that has none, every twelfth byte is looked at and no other.
fn spans(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut looked_at = SHORTEST - 1;
    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(looked_at) {
            if ends_run(*byte) {
                looked_at += SHORTEST;
                continue;
            }
            let (before, after) = bytes.split_at(looked_at);
            let begin = before.iter().rposition(|b| ends_run(*b)).map_or(0, |at| at + 1);
            let end = looked_at + after.iter().position(|b| ends_run(*b)).unwrap_or(after.len());
            looked_at = end + SHORTEST;
            if bytes.get(begin..end).is_some_and(has_digits) {
                return Some(begin..end);
            }
        }
        None
    })
}

/// Whether no card number goes on over this byte. Those of other scripts may be digits or spaces.
fn ends_run(byte: u8) -> bool {
    !(byte.is_ascii_digit() || byte >= 0x80 || matches!(byte, b' ' | b'-' | b'.' | b'\t' | b'\n' | b'\r'))
}

fn has_digits(bytes: &[u8]) -> bool {
    let count = |text: &str| text.chars().filter(|c| digits::value(*c).is_some()).count();
    bytes.len() >= SHORTEST && std::str::from_utf8(bytes).map_or(true, |text| count(text) >= SHORTEST)
}

#[cfg(test)]
mod tests;
