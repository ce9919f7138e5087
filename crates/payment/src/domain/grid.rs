//! Expectations of tests as a grid that people read.

/// The cells of a grid: word of the row, word of the column, what stands there. The first row names the columns.
pub fn cells(grid: &str) -> Vec<(&str, &str, &str)> {
    let mut rows = grid
        .lines()
        .map(|line| line.split_whitespace())
        .filter_map(|mut row| Some((row.next()?, row)));
    let Some((_, columns)) = rows.next() else {
        return Vec::new();
    };
    rows.flat_map(|(name, row)| {
        columns
            .clone()
            .zip(row)
            .map(move |(column, cell)| (name, column, cell))
    })
    .collect()
}
