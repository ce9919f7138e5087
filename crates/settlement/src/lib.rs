//! What every partner is owed: priced lines, windows, statements.
