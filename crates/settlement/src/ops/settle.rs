//! Closes windows and writes their statements.

use std::collections::{HashMap, HashSet};

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::SettlementCompleted;
use ids::{SettlementId, WindowId};

use crate::Error;
use crate::domain::contract::{Account, Versions};
use crate::domain::schedule::due_on;
use crate::domain::statement::conclude;
use crate::store::balances::{self, Balance};
use crate::store::contracts as known;
use crate::store::settlements::{self, Statement, Totals};
use crate::store::windows::{self, Unsettled};

/// Settles these windows, and with each the earlier ones of its account that have no statement yet: statements of
/// an account are written in the order in which its windows end, since each begins with what the last left over.
/// A window that is settled already changes nothing. The caller commits.
///
/// The due date and the minimum payout are those of the contract version in force on the window's last day.
pub async fn settle(work: &mut Work, requested: &[WindowId], now: DateTime<Utc>) -> Result<usize, Error> {
    let mut balances: HashMap<Account, Balance> = balances::lock_for(work.conn(), requested)
        .await?
        .into_iter()
        .map(|balance| (balance.account, balance))
        .collect();
    // Read after the locks: no line can join these windows any more, and nobody else can settle them.
    let unsettled = windows::up_to(work.conn(), requested).await?;
    if unsettled.is_empty() {
        return Ok(0);
    }
    let ids: Vec<WindowId> = unsettled.iter().map(|window| window.id).collect();
    let totals = settlements::totals(work.conn(), &ids).await?;
    let accounts: HashSet<Account> = unsettled.iter().map(|window| window.account).collect();
    let accounts: Vec<Account> = accounts.into_iter().collect();
    let versions = known::of(work.conn(), &accounts).await?;

    let mut statements = Vec::with_capacity(unsettled.len());
    for window in &unsettled {
        let Some(balance) = balances.get_mut(&window.account) else {
            return Err(sqlx::Error::RowNotFound.into());
        };
        let closed = balance.closed_through.max(Some(window.days.ends_on));
        balance.closed_through = closed;
        // A window is made with its first line, in one transaction; one without lines owes nothing to anybody.
        if let Some(totals) = totals.get(&window.id) {
            let statement = state(
                window,
                *totals,
                versions.get(&window.account),
                balance.carried_minor,
            )?;
            balance.carried_minor = statement.outcome.carried_out_minor;
            statements.push(statement);
        }
    }

    settlements::insert(work.conn(), &statements, now).await?;
    windows::settle(work.conn(), &ids, now).await?;
    let balances: Vec<Balance> = balances.into_values().collect();
    balances::write(work.conn(), &balances, now).await?;
    for statement in &statements {
        work.publish(&completed(statement, now), now)?;
    }
    metrics::counter!("jeongsan_settlements_total")
        .increment(u64::try_from(statements.len()).unwrap_or(u64::MAX));
    Ok(statements.len())
}

fn state(
    window: &Unsettled,
    totals: Totals,
    versions: Option<&Versions>,
    carried_in_minor: i64,
) -> Result<Statement, Error> {
    let partner_id = window.account.partner_id;
    let version = versions
        .and_then(|versions| versions.in_force_on(window.days.ends_on))
        .ok_or(Error::NoContract {
            partner_id,
            window_id: window.id,
            ends_on: window.days.ends_on,
        })?;
    let (due_on, calendar_version) =
        due_on(version, window.days.ends_on).map_err(|source| Error::NoDueDate {
            partner_id,
            window_id: window.id,
            source,
        })?;
    let minimum = version.terms.minimum_payout_minor;
    let outcome = conclude(totals.earned_minor, carried_in_minor, minimum)
        .ok_or(Error::StatementOverflow(window.id))?;
    Ok(Statement {
        id: SettlementId::generate(),
        window_id: window.id,
        account: window.account,
        starts_on: window.days.starts_on,
        ends_on: window.days.ends_on,
        time_zone: window.time_zone.name(),
        due_on,
        calendar_version,
        contract_id: version.contract_id,
        contract_version: version.version,
        totals,
        minimum_payout_minor: minimum,
        outcome,
    })
}

fn completed(statement: &Statement, now: DateTime<Utc>) -> SettlementCompleted {
    SettlementCompleted {
        settlement_id: statement.id,
        window_id: statement.window_id,
        partner_id: statement.account.partner_id,
        currency: statement.account.currency,
        starts_on: statement.starts_on,
        ends_on: statement.ends_on,
        due_on: statement.due_on,
        line_count: statement.totals.line_count,
        earned_minor: statement.totals.earned_minor,
        carried_in_minor: statement.outcome.carried_in_minor,
        payable_minor: statement.outcome.payable_minor,
        carried_out_minor: statement.outcome.carried_out_minor,
        settled_at: now,
    }
}
