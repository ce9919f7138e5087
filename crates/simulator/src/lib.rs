//! A card network for tests: a durable journal of its own, and bad behaviour on order.
