//! Databases that killed test processes left behind.

use std::path::Path;

use crate::server::Server;
use crate::template::execute;

/// A name that nobody else has, and that tells which process it belongs to.
pub(crate) fn fresh_name() -> String {
    format!("t_{}_{:016x}", std::process::id(), rand::random::<u64>())
}

/// Drops the databases of processes that live no more. Once a process, before its first test.
pub(crate) async fn sweep(server: &Server) {
    static SWEPT: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    SWEPT.get_or_init(|| remove(server)).await;
}

async fn remove(server: &Server) {
    let mut admin = server.connect("postgres").await;
    // Two processes that sweep at once would drop the same databases.
    execute(&mut admin, "select pg_advisory_lock(73630003)").await;
    let names: Vec<String> =
        sqlx::query_scalar(r"select datname::text from pg_database where datname like 't\_%'")
            .fetch_all(&mut admin)
            .await
            .expect("the catalogue can be read");
    for name in names
        .iter()
        .filter(|name| owner(name).is_some_and(|pid| !lives(pid)))
    {
        execute(
            &mut admin,
            &format!("drop database if exists {name} with (force)"),
        )
        .await;
    }
}

/// The process in a name of [`fresh_name`].
fn owner(name: &str) -> Option<u32> {
    name.strip_prefix("t_")?.split('_').next()?.parse().ok()
}

/// Where processes can't be seen, all count as living.
fn lives(pid: u32) -> bool {
    !Path::new("/proc/self").exists() || Path::new("/proc").join(pid.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_whose_it_is() {
        assert_eq!(owner(&fresh_name()), Some(std::process::id()));
        for foreign in ["t_", "t_x_1", "template_user_1", "tx_1_2"] {
            assert_eq!(owner(foreign), None, "{foreign}");
        }
        assert!(lives(std::process::id()));
    }
}
