//! What the numbers say: daily summaries made from the books' entries.
