//! A whole platform for a test: databases, builders, clocks.
