//! What people are told: notifications stored and kept.
