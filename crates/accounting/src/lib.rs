//! The books: accounts, ledgers and journal entries that always balance.
