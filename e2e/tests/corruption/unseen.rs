//! What no verification can see, and why. The list is exact: what is seen after all must be taken off it.

/// What the names of cases begin with, `*` for any service, and why nothing can see them.
const UNSEEN: &[(&str, &str)] = &[
    // What is known in one place only, and nothing follows from.
    ("accounting.public.accounts.name_", "names are for people"),
    ("accounting.public.books.name_", "names are for people"),
    ("user.public.roles.description", "descriptions are for people"),
    ("user.public.roles.name swap", "the same as swapping descriptions"),
    ("user.public.users.name", "names are for people"),
    ("user.public.users.password_hash", "known to one person"),
    (
        "user.public.sessions",
        "whoever logs in or out leaves no other trace",
    ),
    (
        "user.public.api_keys",
        "whoever makes or revokes a key leaves no other trace",
    ),
    ("user.public.login_attempts", "guessing leaves no other trace"),
    (
        "notification.public.notifications.read_at",
        "reading leaves no other trace",
    ),
    ("payment.public.payment_methods.token", "known to the connector"),
    (
        "payment.public.transactions.connector_reference",
        "known to the connector",
    ),
    ("payment.public.tenders.held_until", "known to the connector"),
    (
        "payment.public.transactions.cause erase",
        "none says the same: an older version leaves it out",
    ),
    (
        "payment.public.transactions.attempts",
        "how often was tried, nothing follows from",
    ),
    (
        "payment.public.dispute_evidence.attempts",
        "how often was tried, nothing follows from",
    ),
    (
        "payment.public.webhooks.attempts",
        "how often was tried, nothing follows from",
    ),
    (
        "payment.public.webhooks delete",
        "what is told of an operation, its connector answers as well",
    ),
    (
        "settlement.public.holds",
        "what is held back for a while leaves no other trace",
    ),
    ("*.once.keys delete", "old keys are forgotten"),
    ("*.once.keys.scope", "a hash of what the caller alone knows"),
    ("*.once.keys.fingerprint", "a hash of what the caller alone knows"),
    (
        "*.once.keys.fence",
        "once it was answered, who worked on it matters no more",
    ),
    (
        "*.once.keys.lease_until",
        "once it was answered, who worked on it matters no more",
    ),
    (
        "settlement.once.keys insert",
        "asking for settlement twice leaves no other trace",
    ),
    (
        "settlement.once.keys.claimed_at",
        "when was asked for settlement leaves no other trace",
    ),
    // What is checked at every start, and keeps the service from starting.
    (
        "*.bus._migrations",
        "the migrator compares it with the migrations",
    ),
    (
        "*.once._migrations",
        "the migrator compares it with the migrations",
    ),
    (
        "*.lease.",
        "who of several copies acts is no figure, and is settled anew",
    ),
    // Identities that nothing refers to.
    ("notification.public.notifications.id", "nothing refers to it"),
    ("partner.public.commissions.id", "nothing refers to it"),
    (
        "settlement.public.settlement_schedules.id",
        "nothing refers to it",
    ),
    (
        "settlement.public.waiting_lines.id",
        "nothing refers to it until the line is priced",
    ),
    (
        "settlement.public.waiting_reversals.id",
        "nothing refers to it until the line is priced",
    ),
    (
        "settlement.public.waiting_disputed_lines.id",
        "nothing refers to it until the line is priced",
    ),
    (
        "*.bus.outbox.event_id",
        "once it was handled, nothing refers to it",
    ),
    ("*.bus.outbox.trace_parent swap", "traces are kept elsewhere"),
    (
        "*.bus.outbox.xid",
        "once it was read, its place in the log matters no more",
    ),
    // When something was noted, where no other clock noted the same.
    (
        "accounting.public.periods.closed_at",
        "the only note of that moment",
    ),
    (
        "notification.public.notifications.created_at",
        "the only note of that moment",
    ),
    ("*.bus.positions.updated_at", "the only note of that moment"),
    (
        "payment.public.known_partners.updated_at",
        "the only note of that moment",
    ),
    (
        "payment.public.payment_methods.detached_at",
        "the only note of that moment",
    ),
    (
        "payment.public.routing_tables.created_at update",
        "the only note of that moment, but that it is before the next one's",
    ),
    (
        "settlement.public.known_contract_versions.recorded_at",
        "the only note of that moment",
    ),
    (
        "settlement.public.known_partners.recorded_at",
        "the only note of that moment",
    ),
    (
        "settlement.public.waiting_lines.recorded_at",
        "the only note of that moment",
    ),
    (
        "settlement.public.waiting_reversals.recorded_at",
        "the only note of that moment",
    ),
    (
        "settlement.public.waiting_disputed_lines.recorded_at",
        "the only note of that moment",
    ),
    (
        "payment.public.webhooks.received_at",
        "the only note of that moment",
    ),
];

/// The reason why a case is not seen, with the entry that says so.
pub fn reason(case: &str) -> Option<(&'static str, &'static str)> {
    let (_, of_any_service) = case.split_once('.')?;
    UNSEEN
        .iter()
        .copied()
        .find(|(beginning, _)| match beginning.strip_prefix("*.") {
            Some(rest) => of_any_service.starts_with(rest),
            None => case.starts_with(beginning),
        })
}

/// The beginnings of all entries.
pub fn beginnings() -> impl Iterator<Item = &'static str> {
    UNSEEN.iter().map(|(beginning, _)| *beginning)
}
