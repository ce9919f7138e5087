//! Copies of databases, and how they are corrupted.

use std::str::FromStr as _;

use anyhow::Result;
use e2e::{Platform, eventually};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use crate::cases::{Case, Kind};

/// The services that keep something.
pub const SERVICES: [&str; 7] = [
    "user",
    "payment",
    "settlement",
    "partner",
    "accounting",
    "notification",
    "reporting",
];

/// The database server of a platform that is stopped.
pub struct Server {
    admin: PgConnectOptions,
}

/// A copy of a database.
pub struct Copy {
    options: PgConnectOptions,
}

impl Copy {
    /// Its address, as the superuser.
    pub fn url(&self) -> String {
        self.options.to_url_lossy().to_string()
    }

    /// Corrupts it in the first way that the database lets pass.
    pub async fn plant(&self, case: &Case) -> Result<Planted> {
        let mut conn = self.connect().await?;
        let mut refusal = None;
        for statement in statements(case) {
            let mut work = conn.begin().await?;
            sqlx::raw_sql(AssertSqlSafe(keep(case)))
                .execute(&mut *work)
                .await?;
            let done = sqlx::raw_sql(AssertSqlSafe(statement.clone()))
                .execute(&mut *work)
                .await;
            match done {
                Ok(done) if done.rows_affected() > 0 => {
                    work.commit().await?;
                    conn.close().await?;
                    return Ok(Planted::Done(statement));
                }
                Ok(_) => {}
                Err(sqlx::Error::Database(error)) => refusal = Some(error.message().to_owned()),
                Err(error) => return Err(error.into()),
            }
        }
        conn.close().await?;
        Ok(refusal.map_or(Planted::NoRow, Planted::Refused))
    }

    /// Puts back what was there before the corruption.
    pub async fn heal(&self, case: &Case) -> Result<()> {
        let mut conn = self.connect().await?;
        let mut work = conn.begin().await?;
        sqlx::raw_sql(AssertSqlSafe(put_back(case)))
            .execute(&mut *work)
            .await?;
        work.commit().await?;
        conn.close().await?;
        Ok(())
    }

    /// A connection with triggers and references off.
    async fn connect(&self) -> Result<PgConnection> {
        let mut conn = self.options.connect().await?;
        sqlx::raw_sql("set session_replication_role = replica; set timezone = 'UTC'")
            .execute(&mut conn)
            .await?;
        Ok(conn)
    }
}

impl Server {
    /// The server whose address stands in the data folder, once it answers.
    pub async fn of(platform: &Platform) -> Result<Self> {
        let file = platform.data_dir().join("postgres.url");
        let admin = eventually("the database server", || async {
            let Ok(url) = std::fs::read_to_string(&file) else {
                return Ok(None);
            };
            let admin = PgConnectOptions::from_str(url.trim())?;
            Ok(admin.connect().await.ok().map(|_| admin.clone()))
        })
        .await?;
        Ok(Self { admin })
    }

    /// A connection to the original database of a service.
    pub async fn original(&self, service: &str) -> Result<PgConnection> {
        Ok(self
            .admin
            .clone()
            .database(&format!("{service}db"))
            .connect()
            .await?)
    }

    /// A copy of the database of a service. Nobody may be connected to the original meanwhile.
    pub async fn copy(&self, service: &str, number: usize) -> Result<Copy> {
        let name = format!("copy_{number}_{service}");
        // The verification of a moment ago may still be on its way out.
        eventually("a copy of a database", || async {
            let mut admin = self.admin.connect().await?;
            let sql = format!("create database {name} template {service}db");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await?;
            admin.close().await?;
            Ok(Some(()))
        })
        .await?;
        Ok(Copy {
            options: self.admin.clone().database(&name),
        })
    }
}

/// What became of the attempt to corrupt.
pub enum Planted {
    /// The database would not have it, and why.
    Refused(String),
    /// There is no row that it could be done to.
    NoRow,
    /// What was done.
    Done(String),
}

/// Keeps the rows of the table aside, the first time.
fn keep(case: &Case) -> String {
    let table = &case.table.name;
    format!(
        "create schema if not exists kept;
         create table if not exists kept.\"{table}\" as table {table}"
    )
}

fn put_back(case: &Case) -> String {
    let table = &case.table.name;
    let columns = case.table.written();
    format!(
        "delete from {table};
         insert into {table} ({columns}) overriding system value select {columns} from kept.\"{table}\""
    )
}

/// The ways to do it, one after the other.
fn statements(case: &Case) -> Vec<String> {
    let table = &case.table.name;
    let in_order = case.table.order("t", "asc");
    match &case.kind {
        Kind::Update(column) => {
            let name = &column.name;
            column
                .other_values()
                .iter()
                .map(|value| {
                    format!(
                        "update {table} t set {name} = {value}
                          where ctid = (select ctid from {table} t
                                         where {name} is not null and ({value}) is distinct from {name}
                                         order by {in_order} limit 1)"
                    )
                })
                .collect()
        }
        Kind::Erase(column) => {
            let name = &column.name;
            vec![format!(
                "update {table} set {name} = null
                  where ctid = (select ctid from {table} t where {name} is not null order by {in_order} limit 1)"
            )]
        }
        Kind::Swap(column) => {
            let name = &column.name;
            let pair = format!(
                // Rows that differ in nothing else would only change places.
                "select a.ctid as one, b.ctid as other, a.{name} as of_one, b.{name} as of_other
                   from {table} a join {table} b
                     on a.{name} <> b.{name}
                    and to_jsonb(a) - '{name}' <> to_jsonb(b) - '{name}'
                  order by {}, {} limit 1",
                case.table.order("a", "desc"),
                case.table.order("b", "desc"),
            );
            let at_once = format!(
                "with pair as ({pair})
                 update {table} t set {name} = case t.ctid when pair.one then pair.of_other else pair.of_one end
                   from pair where t.ctid in (pair.one, pair.other)"
            );
            // Where the value is unique, one of the two leaves the table meanwhile.
            let in_turn = format!(
                "create temp table pair on commit drop as {pair};
                 create temp table kept on commit drop as
                   select t.* from {table} t join pair on t.ctid = pair.one;
                 delete from {table} t using pair where t.ctid = pair.one;
                 update {table} t set {name} = pair.of_one from pair where t.ctid = pair.other;
                 update kept set {name} = pair.of_other from pair;
                 insert into {table} ({columns}) overriding system value select {columns} from kept",
                columns = case.table.written()
            );
            vec![at_once, in_turn]
        }
        Kind::Delete => vec![format!(
            "delete from {table} where ctid = (select ctid from {table} t order by {in_order} limit 1)"
        )],
        Kind::Insert => vec![format!(
            "insert into {table} ({columns}) overriding system value
             select {values} from {table} t order by {in_order} limit 1",
            columns = case.table.written(),
            values = case.table.made_up()
        )],
        Kind::Planned(sql) => vec![(*sql).to_owned()],
    }
}
