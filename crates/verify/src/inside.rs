//! What one database can be asked about itself: each question answers with what is wrong.

use sqlx::FromRow;

use crate::VerifyError;
use crate::databases::Databases;
use crate::names;
use crate::report::Check;
use crate::snapshot::{Rows, Snapshot};

/// A question to one database.
struct Question {
    service: &'static str,
    name: &'static str,
    what: &'static str,
    /// The table whose rows it looks at.
    of: &'static str,
    sql: &'static str,
}

macro_rules! questions {
    ($($service:literal: $name:literal of $of:literal, $what:literal;)*) => {
        &[$(Question {
            service: $service,
            name: $name,
            what: $what,
            of: $of,
            sql: include_str!(concat!("sql/", $service, "/", $name, ".sql")),
        }),*]
    };
}

const QUESTIONS: &[Question] = questions! {
    "user": "whole" of "users", "users, roles, sessions, keys and attempts to log in can be right";
    "partner": "versions" of "contract_versions", "versions follow each other and say why they reach back";
    "partner": "commissions" of "commissions", "commissions are the rates that the terms say";
    "payment": "add_up" of "payments", "payments are what their lines and tenders add up to";
    "payment": "operations" of "transactions", "tenders are what their operations did";
    "payment": "status" of "payments", "a payment's status follows from its operations";
    "payment": "released" of "tenders", "what a payment that is given up holds or took is on its way back";
    "payment": "changes" of "changes", "what was asked of payments is what was done, in the order that tenders give back in";
    "payment": "methods" of "tenders", "means of payment fit the tenders that they pay";
    "payment": "routes" of "payment_routes", "routed payments went the way that the rules decided, one connector after the other";
    "payment": "disputes" of "disputes", "disputes are what their tenders say, and were told of";
    "payment": "lines_taken" of "disputes", "refunds and disputes together took no more of a line than was owed";
    "settlement": "windows_settled" of "windows", "every settled line belongs to one statement, and statements are the sums of their lines";
    "settlement": "carry" of "settlements", "each statement begins with what the one before left over, and pays what reaches the minimum";
    "settlement": "waiting" of "waiting_lines", "a line waits only while it can't be priced";
    "settlement": "reversals" of "reversals", "what takes back is of a line, and of one that went back in full it takes all";
    "settlement": "waiting_reversals" of "waiting_reversals", "what takes back waits only while it can't be priced";
    "settlement": "disputes" of "disputed_lines", "what disputes moved is of a line, and what they gave back they had taken";
    "settlement": "waiting_disputed_lines" of "waiting_disputed_lines", "what disputes moved waits only while it can't be priced";
    "settlement": "whole" of "holds", "holds can be right";
    "accounting": "balance" of "journal_entries", "every entry balances in every currency and is whole";
    "accounting": "ledgers" of "ledgers", "ledgers are the sums of the journal";
    "accounting": "trial_balance" of "ledgers", "all debits are all credits";
    "accounting": "periods" of "periods", "periods close in order and stay closed";
    "accounting": "chart" of "accounts", "the chart of accounts is whole";
    "accounting": "suspense" of "breaks", "suspense holds what open breaks say";
    "notification": "whole" of "notifications", "notifications can be right";
};

/// A wrong thing.
#[derive(Debug, FromRow)]
struct Wrong {
    id: Option<String>,
    detail: Option<String>,
}

/// Asks all of them.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    for question in QUESTIONS {
        let snapshot = databases.of(question.service)?;
        let name = format!("{}_{}", question.service, question.name);
        let mut check = databases.check(name, question.what);
        ask(snapshot, question.name, question.of, question.sql, &mut check).await?;
        check.done(&mut checks);
    }
    for service in ["payment", "partner", "settlement"] {
        let mut check = databases.check(
            format!("{service}_idempotency_keys"),
            "idempotency keys are whole",
        );
        let sql = include_str!("sql/once/keys.sql");
        ask(databases.of(service)?, "once.keys", "once.keys", sql, &mut check).await?;
        check.done(&mut checks);
    }
    Ok(checks)
}

/// Asks one question and notes what is wrong.
pub(crate) async fn ask(
    snapshot: &Snapshot,
    what: &str,
    of: &str,
    sql: &str,
    check: &mut Check,
) -> Result<(), VerifyError> {
    let (examined,): (i64,) = snapshot.one(of, &format!("select count(*) from {of}")).await?;
    check.examined += examined;
    let mut rows: Rows<Wrong> = snapshot.stream(what, sql).await?;
    while let Some(wrong) = rows.next().await? {
        let ids = names::all_known(&wrong.id.unwrap_or_default());
        check.found(ids, wrong.detail.unwrap_or_default());
    }
    Ok(())
}
