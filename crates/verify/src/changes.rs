//! What increments asked for against the lines that they added.

use contracts::events::PaidLine;

use crate::VerifyError;
use crate::compare::difference;
use crate::databases::Databases;
use crate::lines::whole;
use crate::names;
use crate::report::Check;

/// Checks that every increment that was done added its lines, as they were asked for.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let mut check = databases.check(
        "payment_increments",
        "every increment that was done added the lines that were asked for",
    );
    let mut rows = databases
        .payment
        .stream::<(String, String, String)>("increments", include_str!("sql/payment/increments.sql"))
        .await?;
    while let Some((payment, asked, stands)) = rows.next().await? {
        check.examined += 1;
        let name = vec![names::known(&format!("pay:{payment}"))];
        match serde_json::from_str::<Vec<PaidLine>>(&asked) {
            Ok(lines) => {
                let asked: Vec<String> = lines.iter().map(whole).collect();
                let asked = asked.join(" ");
                if asked != stands {
                    check.found(name, difference(&asked, &stands));
                }
            }
            Err(error) => check.found(name, format!("an increment of it can't be read: {error}")),
        }
    }
    check.done(&mut checks);
    Ok(checks)
}
