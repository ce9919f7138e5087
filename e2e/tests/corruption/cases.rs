//! The cases, read from the catalogue: a new column is a new case.

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use sqlx::FromRow;

use crate::plant::Server;

/// One corruption.
#[derive(Debug, Clone)]
pub struct Case {
    pub service: &'static str,
    pub table: Arc<Table>,
    pub kind: Kind,
}

/// What is done.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A value becomes another one.
    Update(Column),
    /// A value is gone.
    Erase(Column),
    /// Two rows have each other's value.
    Swap(Column),
    /// A row is gone.
    Delete,
    /// A row is like another one, under a key of its own.
    Insert,
    /// What nobody could read from a catalogue.
    Planned(&'static str),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, table, kind } = self;
        let table = &table.name;
        match kind {
            Kind::Update(column) => write!(f, "{service}.{table}.{} update", column.name),
            Kind::Erase(column) => write!(f, "{service}.{table}.{} erase", column.name),
            Kind::Swap(column) => write!(f, "{service}.{table}.{} swap", column.name),
            Kind::Delete => write!(f, "{service}.{table} delete"),
            Kind::Insert => write!(f, "{service}.{table} insert"),
            Kind::Planned(_) => write!(f, "{service}.{table} planned"),
        }
    }
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// With its schema.
    pub name: String,
    columns: Vec<Column>,
}

impl Table {
    /// The columns that can be written.
    pub fn written(&self) -> String {
        let names: Vec<&str> = self.stored().map(|c| c.name.as_str()).collect();
        names.join(", ")
    }

    /// The values of a row that is like row `t`, but for what makes it one of its own.
    pub fn made_up(&self) -> String {
        let values: Vec<String> = self
            .stored()
            .map(|column| match column.other_values().into_iter().next() {
                Some(value) if column.is_own => value,
                _ => format!("t.{}", column.name),
            })
            .collect();
        values.join(", ")
    }

    /// What its rows `row` are ordered by, so that a history has the same first and last rows at every run: by the
    /// primary key, since where a row lies depends on what the server cleaned up meanwhile, and identifiers are in the
    /// order of their making; by the time where the key is a hash, which has no order; by all values without a key.
    pub fn order(&self, row: &str, direction: &str) -> String {
        let mut key: Vec<&Column> = self.columns.iter().filter(|c| c.key_place.is_some()).collect();
        key.sort_unstable_by_key(|c| c.key_place);
        if key.is_empty() {
            key = self.stored().collect();
        }
        let is_hash = key.iter().any(|c| c.kind == "bytea");
        let time = self.columns.iter().find(|c| is_hash && c.kind == "timestamptz");
        let terms: Vec<String> = time
            .into_iter()
            .chain(key)
            .map(|c| format!("{row}.{} {direction}", c.name))
            .collect();
        terms.join(", ")
    }

    fn stored(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.is_computed)
    }
}

/// A column.
#[derive(Debug, Clone, FromRow)]
pub struct Column {
    table_name: String,
    pub name: String,
    kind: String,
    is_nullable: bool,
    /// The database computes it.
    is_computed: bool,
    /// Its place in the primary key, if it is part of it.
    key_place: Option<i32>,
    /// Whether it makes a row one of its own: part of a unique key that no other column makes unique.
    is_own: bool,
    /// What checks of the table name.
    words: Vec<String>,
}

impl Column {
    /// Expressions of values that another row `t` might have here.
    pub fn other_values(&self) -> Vec<String> {
        let c = format!("t.{}", self.name);
        match self.kind.as_str() {
            "int2" | "int4" | "int8" | "numeric" => {
                vec![format!("{c} + 1"), format!("{c} - 1"), format!("{c} + 100000")]
            }
            "text" => {
                let words = self.words.iter().map(|word| format!("'{word}'"));
                let appended = format!("{c} || 'x'");
                let shortened = format!("left({c}, -1) || case right({c}, 1) when '0' then '1' else '0' end");
                words.chain([appended, shortened, "'USD'".to_owned()]).collect()
            }
            "uuid" => vec!["gen_random_uuid()".to_owned()],
            "bool" => vec![format!("not {c}")],
            "date" => vec![
                format!("{c} + 1"),
                format!("({c} - interval '1 month')::date"),
                format!("({c} + interval '1 month')::date"),
            ],
            "timestamptz" => vec![
                format!("{c} - interval '1 day'"),
                format!("{c} + interval '1 day'"),
            ],
            "jsonb" => vec![
                format!(r"regexp_replace({c}::text, ': ([0-9])', ': 1\1')::jsonb"),
                format!(r#"regexp_replace({c}::text, '": "([a-z])', '": "x\1')::jsonb"#),
                "'[{\"amount_minor\": 1, \"funded_by\": \"partner\"}]'::jsonb".to_owned(),
            ],
            "bytea" => vec![format!("set_byte({c}, 0, (get_byte({c}, 0) + 1) % 256)")],
            "_text" => vec!["array['auditor']".to_owned(), "array['operator']".to_owned()],
            "_int8" => vec![format!("{c} || 1::bigint"), "array[1::bigint]".to_owned()],
            "xid8" => vec!["'3'::xid8".to_owned()],
            other => panic!(
                "no corruption is known for {}.{}: {other}",
                self.table_name, self.name
            ),
        }
    }
}

/// All cases of a service's database.
pub async fn of(server: &Server, service: &'static str) -> Result<Vec<Case>> {
    let mut conn = server.original(service).await?;
    let columns: Vec<Column> = sqlx::query_as(include_str!("columns.sql"))
        .fetch_all(&mut conn)
        .await?;
    let mut tables: Vec<Table> = Vec::new();
    for column in columns {
        match tables.last_mut() {
            Some(table) if table.name == column.table_name => table.columns.push(column),
            _ => tables.push(Table {
                name: column.table_name.clone(),
                columns: vec![column],
            }),
        }
    }
    let mut cases = Vec::new();
    for table in tables {
        let table = Arc::new(table);
        let case = |kind| Case {
            service,
            table: Arc::clone(&table),
            kind,
        };
        cases.push(case(Kind::Delete));
        cases.push(case(Kind::Insert));
        for column in &table.columns {
            cases.push(case(Kind::Update(column.clone())));
            cases.push(case(Kind::Swap(column.clone())));
            if column.is_nullable {
                cases.push(case(Kind::Erase(column.clone())));
            }
        }
        let planned = PLANNED
            .iter()
            .filter(|(of, name, _)| (*of, *name) == (service, table.name.as_str()));
        cases.extend(planned.map(|(_, _, sql)| case(Kind::Planned(sql))));
    }
    Ok(cases)
}

/// Corruptions of tables that are empty after a smooth history.
const PLANNED: &[(&str, &str, &str)] = &[(
    "settlement",
    "bus.parked",
    "insert into bus.parked (topic, aggregate, number, record, state, error)
     select topic, aggregate, number, '{}', 'dead', 'made up' from bus.handled
      where topic = 'payment-completed' limit 1",
)];
