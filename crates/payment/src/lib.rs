//! Payments: accepted once, captured, failed, voided.
