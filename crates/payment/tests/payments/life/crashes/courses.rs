//! What a process may die of, and where.

use crate::gate::Hold;

/// What is done, and the orders that the network gets for it, one a transaction: a process may die before each, with
/// the intent written, and after each, with the outcome not written.
pub struct Course {
    pub name: &'static str,
    /// Tokens of its tenders, of 1, 2 and 3 thousand and what makes its amounts its own.
    pub tokens: &'static [&'static str],
    pub is_held: bool,
    /// What is done before, without a crash.
    pub before: &'static [&'static str],
    /// The command that the process dies of; none: the payment itself.
    pub command: Option<&'static str>,
    /// Operation and tender.
    pub orders: &'static [(&'static str, usize)],
    /// The status in the end.
    pub end: &'static str,
}

const COURSES: &[Course] = &[
    Course {
        name: "sale",
        tokens: &["tok_ok"],
        is_held: false,
        before: &[],
        command: None,
        orders: &[("sale", 0)],
        end: "completed",
    },
    Course {
        name: "three-tenders",
        tokens: &["tok_ok", "vch_ok", "pts_ok"],
        is_held: false,
        before: &[],
        command: None,
        orders: &[
            ("authorize", 0),
            ("authorize", 1),
            ("authorize", 2),
            ("capture", 0),
            ("capture", 1),
            ("capture", 2),
        ],
        end: "completed",
    },
    Course {
        name: "released",
        tokens: &["tok_ok", "vch_declined"],
        is_held: false,
        before: &[],
        command: None,
        orders: &[("authorize", 0), ("authorize", 1), ("void", 0)],
        end: "failed",
    },
    Course {
        name: "taken-and-given-back",
        tokens: &["tok_ok", "tok_capture_declined"],
        is_held: false,
        before: &[],
        command: None,
        orders: &[("capture", 0), ("capture", 1), ("void", 1), ("refund", 0)],
        end: "failed",
    },
    Course {
        name: "capture",
        tokens: &["tok_ok", "vch_ok"],
        is_held: true,
        before: &[],
        command: Some("capture"),
        orders: &[("capture", 0), ("capture", 1)],
        end: "completed",
    },
    Course {
        name: "void",
        tokens: &["tok_ok", "vch_ok"],
        is_held: true,
        before: &[],
        command: Some("void"),
        orders: &[("void", 0), ("void", 1)],
        end: "voided",
    },
    Course {
        name: "refund",
        tokens: &["tok_ok", "vch_ok"],
        is_held: true,
        before: &["capture"],
        command: Some("refund"),
        orders: &[("refund", 0), ("refund", 1)],
        end: "refunded",
    },
    Course {
        name: "increment",
        tokens: &["tok_ok"],
        is_held: true,
        before: &[],
        command: Some("increment"),
        orders: &[("increment", 0)],
        end: "authorized",
    },
    Course {
        name: "cancel",
        tokens: &["tok_3ds"],
        is_held: false,
        before: &["ask the buyer"],
        command: Some("cancel"),
        orders: &[("cancel", 0)],
        end: "canceled",
    },
];

/// Every place of every course.
pub fn places() -> impl Iterator<Item = (&'static Course, (&'static str, usize), Hold)> {
    COURSES.iter().flat_map(|course| {
        let orders = course.orders.iter();
        orders.flat_map(move |order| [Hold::Before, Hold::After].map(|hold| (course, *order, hold)))
    })
}

/// The amounts of a payment's tenders, which nobody else's are.
pub fn amounts(course: &Course, number: usize) -> Vec<i64> {
    let number = i64::try_from(number).unwrap();
    (1..)
        .zip(course.tokens)
        .map(|(place, _)| place * 1_000 + number)
        .collect()
}
