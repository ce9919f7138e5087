//! Whole flows through the real binary.
