//! What is wrong with a field.

/// One thing that is wrong with a field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// A JSON pointer into the request.
    pub(crate) pointer: String,
    /// What is wrong, and how to mend it.
    pub(crate) detail: String,
}

impl Fault {
    /// `detail` is wrong at `pointer`.
    pub(crate) fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}

/// Reads a text of 1 to `longest` characters that can stand in a list or a log: no control characters, and no
/// white space around it, so that two texts that look alike are alike.
pub(crate) fn text(pointer: &str, given: &str, longest: usize, faults: &mut Vec<Fault>) {
    let length = given.chars().count();
    if length == 0 || length > longest {
        faults.push(Fault::new(pointer, format!("give 1 to {longest} characters")));
    } else if given.trim() != given || given.chars().any(char::is_control) {
        faults.push(Fault::new(
            pointer,
            "leave out control characters, and white space at the beginning and the end",
        ));
    }
}
