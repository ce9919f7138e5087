//! The table `ledgers`: what each account, and partner, has posted by month.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use contracts::events::Side;
use ids::PartnerId;
use money::Currency;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::domain::{Account, Entry, Month};

use super::{currency, sum};

/// What an account has posted in one currency, in 128-bit minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BalanceRow {
    /// The account's code.
    pub(crate) account: String,
    /// The currency.
    pub(crate) currency: Currency,
    /// Debit less credit of the months before.
    pub(crate) opening_minor: i128,
    /// Debits of the month.
    pub(crate) debit_minor: i128,
    /// Credits of the month.
    pub(crate) credit_minor: i128,
}

/// The row that a line is added to.
type Key = (Account, Option<PartnerId>, Currency, Month);

/// Adds entries to the totals. The deltas of a batch are summed up first, so that a row that every entry touches is
/// written once; rows are locked in the order of their keys, so that batches wait for each other and don't deadlock.
pub(crate) async fn add(conn: &mut PgConnection, book: &str, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let mut deltas: BTreeMap<Key, (i128, i128)> = BTreeMap::new();
    for entry in entries {
        let month = Month::of(entry.posted_on);
        for line in entry.fact.posting.entry.lines() {
            let key = (line.account, line.partner_id, line.currency, month);
            let (debit, credit) = deltas.entry(key).or_default();
            let amount = i128::from(line.amount_minor);
            match line.side {
                Side::Debit => *debit += amount,
                Side::Credit => *credit += amount,
            }
        }
    }
    let (mut accounts, mut partners, mut currencies) = (vec![], vec![], vec![]);
    let (mut months, mut debits, mut credits) = (vec![], vec![], vec![]);
    for ((account, partner_id, currency, month), (debit, credit)) in deltas {
        accounts.push(account.code());
        partners.push(partner_id.map(PartnerId::as_uuid));
        currencies.push(currency.as_str());
        months.push(month.first_day());
        debits.push(debit.to_string());
        credits.push(credit.to_string());
    }
    sqlx::query!(
        "insert into ledgers as total (book, account, partner_id, currency, period, debit_minor, credit_minor)
         select $1, account, partner_id, currency, period, debit::numeric, credit::numeric
           from unnest($2::text[], $3::uuid[], $4::text[], $5::date[], $6::text[], $7::text[])
             as fresh (account, partner_id, currency, period, debit, credit)
          order by account, partner_id, currency, period
         on conflict on constraint ledgers_key do update
            set debit_minor = total.debit_minor + excluded.debit_minor,
                credit_minor = total.credit_minor + excluded.credit_minor",
        book,
        &accounts as &[&str],
        &partners as &[Option<Uuid>],
        &currencies as &[&str],
        &months,
        &debits as &[String],
        &credits as &[String]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What every account stood at before `period`, and posted in it, per currency. Without a period: everything posted.
pub(crate) async fn trial_balance(
    reader: impl PgExecutor<'_>,
    book: &str,
    period: Option<Month>,
) -> Result<Vec<BalanceRow>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select l.account, l.currency,
                  coalesce(sum(l.debit_minor - l.credit_minor) filter (where l.period < $2), 0)::text as "opening!",
                  coalesce(sum(l.debit_minor) filter (where $2 is null or l.period = $2), 0)::text as "debit!",
                  coalesce(sum(l.credit_minor) filter (where $2 is null or l.period = $2), 0)::text as "credit!"
             from ledgers l join accounts a on a.code = l.account
            where l.book = $1 and ($2::date is null or l.period <= $2)
            group by l.currency, a.number, l.account
            order by l.currency, a.number"#,
        book,
        period.map(Month::first_day)
    )
    .fetch_all(reader)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(BalanceRow {
                account: row.account,
                currency: currency(&row.currency)?,
                opening_minor: sum(&row.opening)?,
                debit_minor: sum(&row.debit)?,
                credit_minor: sum(&row.credit)?,
            })
        })
        .collect()
}

/// Month by month, what accounts posted: of one partner or of all together, newest month first.
pub(crate) async fn by_month(
    reader: impl PgExecutor<'_>,
    book: &str,
    account: Option<&str>,
    partner_id: Option<PartnerId>,
) -> Result<Vec<(Month, BalanceRow)>, sqlx::Error> {
    struct Row {
        account: String,
        currency: String,
        period: NaiveDate,
        opening: String,
        debit: String,
        credit: String,
    }
    let partner_id = partner_id.map(PartnerId::as_uuid);
    let rows = sqlx::query_as!(
        Row,
        r#"with months as (
              select account, currency, period, sum(debit_minor) as debit, sum(credit_minor) as credit
                from ledgers
               where book = $1 and ($2::text is null or account = $2) and ($3::uuid is null or partner_id = $3)
               group by account, currency, period
           )
           select m.account, m.currency, m.period,
                  (coalesce(sum(m.debit - m.credit) over earlier, 0))::text as "opening!",
                  m.debit::text as "debit!", m.credit::text as "credit!"
             from months m join accounts a on a.code = m.account
           window earlier as (partition by m.account, m.currency order by m.period
                              rows between unbounded preceding and 1 preceding)
            order by m.period desc, m.currency, a.number"#,
        book,
        account,
        partner_id
    )
    .fetch_all(reader)
    .await?;
    rows.into_iter()
        .map(|row| {
            let balance = BalanceRow {
                account: row.account,
                currency: currency(&row.currency)?,
                opening_minor: sum(&row.opening)?,
                debit_minor: sum(&row.debit)?,
                credit_minor: sum(&row.credit)?,
            };
            Ok((Month::of(row.period), balance))
        })
        .collect()
}
