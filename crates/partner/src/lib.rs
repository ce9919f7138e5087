//! Partners and the contracts that say what they are paid.
