//! Every reference refers to something. The database sees to that, until someone goes around it.

use sqlx::FromRow;

use crate::VerifyError;
use crate::databases::Databases;
use crate::names;
use crate::report::Check;
use crate::snapshot::{Rows, Snapshot};

#[derive(Debug, FromRow)]
struct Reference {
    name: String,
    child: String,
    parent: String,
    matches: String,
    given: String,
    shown: String,
}

/// Looks for rows whose parents are gone.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    for snapshot in databases.all() {
        let references: Vec<Reference> = snapshot
            .all("its references", include_str!("sql/references.sql"))
            .await?;
        if references.is_empty() {
            continue;
        }
        let mut check = databases.check(
            format!("{}_references", snapshot.service()),
            "every row refers to rows that exist",
        );
        for reference in &references {
            of(snapshot, reference, &mut check).await?;
        }
        check.done(&mut checks);
    }
    Ok(checks)
}

async fn of(snapshot: &Snapshot, reference: &Reference, check: &mut Check) -> Result<(), VerifyError> {
    let Reference {
        name,
        child,
        parent,
        matches,
        given,
        shown,
    } = reference;
    let count = format!("select count(*) from {child} c where {given}");
    let (examined,): (i64,) = snapshot.one(name, &count).await?;
    check.examined += examined;
    let orphans = format!(
        "select {shown} from {child} c where {given} and not exists (select from {parent} p where {matches})"
    );
    let mut rows: Rows<(String,)> = snapshot.stream(name, &orphans).await?;
    while let Some((id,)) = rows.next().await? {
        let mut ids = vec![child.clone()];
        ids.extend(names::all_known(&id));
        check.found(
            ids,
            format!("refers to a row of {parent} that does not exist ({name})"),
        );
    }
    Ok(())
}
