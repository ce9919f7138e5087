//! What the database itself refuses, whoever asks.

use ids::{JournalEntryId, PartnerId};
use postgres::violated_constraint;
use testkit::Database;

use super::{bookkeeper, count, database, fact, now, payment, post};

/// Runs statements as one transaction and returns the constraint that stopped them.
async fn refused_by(database: &Database, statements: &[String]) -> Option<String> {
    let mut transaction = database.db().begin().await.unwrap();
    for statement in statements {
        let done = sqlx::query(sqlx::AssertSqlSafe(statement.clone()))
            .execute(&mut *transaction)
            .await;
        if let Err(error) = done {
            return violated_constraint(&error).map(str::to_owned);
        }
    }
    match transaction.commit().await {
        Ok(()) => None,
        Err(error) => violated_constraint(&error).map(str::to_owned),
    }
}

fn entry(id: JournalEntryId, posted_on: &str) -> String {
    format!(
        "insert into journal_entries (id, book, source_topic, source_aggregate, source_number, posted_on,
                                      occurred_at, recorded_at)
         values ('{}', 'main', 'test', '{id}', 1, '{posted_on}', now(), now())",
        id.as_uuid()
    )
}

/// Lines as (number, side, amount, currency).
fn lines(id: JournalEntryId, lines: &[(i16, &str, i64, &str)]) -> String {
    let rows: Vec<String> = lines
        .iter()
        .map(|(number, side, amount, currency)| {
            format!(
                "('{}', {number}, 'cash', '{side}', {amount}, '{currency}')",
                id.as_uuid()
            )
        })
        .collect();
    format!(
        "insert into journal_lines (entry_id, line_number, account, side, amount_minor, currency) values {}",
        rows.join(", ")
    )
}

#[tokio::test]
async fn an_entry_is_written_whole_and_balanced_or_not_at_all() {
    let database = database().await;
    let id = JournalEntryId::generate();
    for (case, line_statements, constraint) in [
        ("no lines", vec![], Some("journal_entries_has_lines")),
        (
            "one line",
            vec![vec![(1, "debit", 5, "KRW")]],
            Some("journal_lines_whole"),
        ),
        (
            "debits differ from credits",
            vec![vec![(1, "debit", 5, "KRW"), (2, "credit", 4, "KRW")]],
            Some("journal_lines_balance"),
        ),
        (
            "they are equal, but in two currencies",
            vec![vec![(1, "debit", 5, "KRW"), (2, "credit", 5, "USD")]],
            Some("journal_lines_balance"),
        ),
        (
            "a gap in the numbers",
            vec![vec![(1, "debit", 5, "KRW"), (3, "credit", 5, "KRW")]],
            Some("journal_lines_whole"),
        ),
        (
            "balanced lines that come later",
            vec![
                vec![(1, "debit", 5, "KRW"), (2, "credit", 5, "KRW")],
                vec![(3, "debit", 5, "KRW"), (4, "credit", 5, "KRW")],
            ],
            Some("journal_lines_whole"),
        ),
        (
            "whole and balanced",
            vec![vec![(1, "debit", 5, "KRW"), (2, "credit", 5, "KRW")]],
            None,
        ),
    ] {
        let mut statements = vec![entry(id, "2026-12-10")];
        statements.extend(line_statements.iter().map(|rows| lines(id, rows)));
        assert_eq!(
            refused_by(&database, &statements).await.as_deref(),
            constraint,
            "{case}"
        );
    }
    assert_eq!(count(&database, "journal_lines").await, 2);
}

#[tokio::test]
async fn books_and_accounts_exist_and_stay_once_they_were_posted_to() {
    let database = database().await;
    let facts = vec![fact(&payment(PartnerId::generate(), now()))];
    post(&database.outbox(), &bookkeeper(), facts).await;
    let id = JournalEntryId::generate();
    let balanced = lines(id, &[(1, "debit", 5, "KRW"), (2, "credit", 5, "KRW")]);
    for (statements, constraint) in [
        (
            vec![
                entry(id, "2026-12-10").replace("'main'", "'other'"),
                balanced.clone(),
            ],
            "journal_entries_book_exists",
        ),
        (
            vec![entry(id, "2026-12-10"), balanced.replace("'cash'", "'crash'")],
            "journal_lines_account_exists",
        ),
        (
            vec!["delete from accounts where code = 'receivable_card'".to_owned()],
            "ledgers_account_exists",
        ),
        (
            vec!["update accounts set code = 'x' where code = 'receivable_card'".to_owned()],
            "ledgers_account_exists",
        ),
        (vec!["delete from books".to_owned()], "ledgers_book_exists"),
    ] {
        let refusal = refused_by(&database, &statements).await;
        assert_eq!(refusal.as_deref(), Some(constraint), "{statements:?}");
    }
}

#[tokio::test]
async fn what_is_posted_never_changes() {
    let database = database().await;
    let facts = vec![fact(&payment(PartnerId::generate(), now()))];
    post(&database.outbox(), &bookkeeper(), facts).await;
    for (statement, constraint) in [
        (
            "update journal_entries set posted_on = posted_on",
            "journal_entries_never_change",
        ),
        ("delete from journal_entries", "journal_entries_never_change"),
        ("truncate journal_entries cascade", "journal_entries_never_change"),
        (
            "update journal_lines set amount_minor = 1",
            "journal_lines_never_change",
        ),
        ("delete from journal_lines", "journal_lines_never_change"),
        (
            "update break_repayments set amount_minor = 1",
            "break_repayments_never_change",
        ),
        ("delete from break_repayments", "break_repayments_never_change"),
        (
            "update dispute_breaks set version = 2",
            "dispute_breaks_never_change",
        ),
        ("delete from dispute_breaks", "dispute_breaks_never_change"),
    ] {
        let refusal = refused_by(&database, &[statement.to_owned()]).await;
        assert_eq!(refusal.as_deref(), Some(constraint), "{statement}");
    }
    assert_eq!(count(&database, "journal_lines").await, 2);
}

#[tokio::test]
async fn a_closed_period_takes_no_entry_and_does_not_open_again() {
    let database = database().await;
    let closed = [
        "insert into periods (book, period, state, closed_at, closed_by)
         values ('main', '2026-10-01', 'closed', now(), 'usr_x')",
        "update books set closed_through = '2026-10-01'",
    ];
    assert_eq!(refused_by(&database, &closed.map(str::to_owned)).await, None);
    let id = JournalEntryId::generate();
    let balanced = lines(id, &[(1, "debit", 5, "KRW"), (2, "credit", 5, "KRW")]);
    for (statements, constraint) in [
        (
            vec![entry(id, "2026-10-31"), balanced.clone()],
            Some("journal_entries_period_open"),
        ),
        (vec![entry(id, "2026-11-01"), balanced], None),
        (
            vec!["update periods set state = 'open', closed_at = null, closed_by = null".to_owned()],
            Some("periods_closed_stays_closed"),
        ),
        (
            vec!["delete from periods".to_owned()],
            Some("periods_closed_stays_closed"),
        ),
        (
            vec!["update books set closed_through = '2026-09-01'".to_owned()],
            Some("books_closed_stays_closed"),
        ),
        (
            vec!["update books set closed_through = null".to_owned()],
            Some("books_closed_stays_closed"),
        ),
    ] {
        assert_eq!(
            refused_by(&database, &statements).await.as_deref(),
            constraint,
            "{statements:?}"
        );
    }
}
