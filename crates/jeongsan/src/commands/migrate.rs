//! `jeongsan migrate`: databases, roles and tables, as this version needs them.

use chassis::Settings;
use postgres::{Db, DbOptions};
use serde_json::json;

use crate::access::{self, Server};
use crate::fault::Fault;
use crate::output::{self, Form};
use crate::targets;

pub(crate) async fn run(settings: &Settings, form: Form) -> Result<(), Fault> {
    let services = targets::all();
    let given_all = services.iter().all(|service| {
        service.database.is_none()
            || settings
                .given(&format!("{}.database_url", service.name))
                .is_some()
    });
    let server = if given_all {
        None
    } else {
        Some(Server::start(settings).await?)
    };
    let outcome = migrate(settings, server.as_ref().map(Server::admin_url)).await;
    if let Some(server) = server {
        server.stop().await?;
    }
    let names = outcome?;
    let text = || format!("up to date: {}", names.join(", "));
    output::answer(form, text, &json!({ "up_to_date": names }));
    Ok(())
}

async fn migrate(settings: &Settings, admin_url: Option<&str>) -> Result<Vec<&'static str>, Fault> {
    let services = targets::all();
    let addresses = access::databases(settings, admin_url, &services).await?;
    let mut names = Vec::new();
    for service in services {
        let (Some(database), Some(url)) = (service.database, addresses.get(service.name)) else {
            continue;
        };
        let mut options = DbOptions::new(url, service.name);
        options.max_connections = 2;
        let db = Db::connect(&options).await?;
        for migrator in database.every_migrator() {
            db.migrate(migrator).await?;
        }
        db.close().await;
        names.push(service.name);
    }
    Ok(names)
}
