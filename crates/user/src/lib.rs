//! Who may come in: users, roles, sessions and API keys.
