//! What commands say: text for people, one JSON document for programs.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::fault::Fault;

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Prints a line. Whoever reads may have gone (`| head`): that is no failure.
pub(crate) fn line(text: &str) {
    let _reader_gone = writeln!(std::io::stdout(), "{text}");
}

/// Prints an answer in the form that was asked for.
pub(crate) fn answer(form: Form, text: impl FnOnce() -> String, value: &Value) {
    match form {
        Form::Text => line(&text()),
        Form::Json => line(&format!("{value:#}")),
    }
}

/// Says on standard error why a command failed.
pub(crate) fn complain(fault: &Fault) {
    let _reader_gone = writeln!(std::io::stderr(), "jeongsan: {fault}");
}

/// Columns, as wide as their longest cell.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let render = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(render).collect::<Vec<_>>().join("\n")
}

/// `{"ok": true, ...}` for commands whose only news is that they did it.
pub(crate) fn done(form: Form, text: &str) {
    answer(form, || text.to_owned(), &json!({ "done": text }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let rows = [["a", "1"], ["long", "22"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a     1\nlong  22");
        assert_eq!(table(&[]), "");
    }
}
