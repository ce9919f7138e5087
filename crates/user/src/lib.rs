//! Who may come in: users, roles, sessions and API keys.
//!
//! It owns the tables `users`, `user_roles`, `roles`, `sessions`, `api_keys` and `login_attempts`. What never happens
//! here: a plain password, token or key is stored or logged; a cache decides who comes in; the role `service` is given
//! to anyone; the last active administrator goes.

mod api;
mod domain;
mod error;
mod hashing;
mod hints;
mod ops;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;

use bus::Outbox;
use chassis::{Clock, Context, Key, Kind, Parts, StartError};
use postgres::DatabaseSpec;
use telemetry::Secret;

use crate::hashing::Hasher;
use crate::hints::Hints;
use crate::ops::first_start::{self, FirstStart};

/// The service's own tables.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

static MIGRATORS: [&sqlx::migrate::Migrator; 1] = [&MIGRATOR];

const SETTINGS: &[Key] = &[
    Key::new(
        "user.admin_login",
        Kind::Text,
        "admin",
        "the login of the administrator who is made on the first start",
    ),
    Key::new(
        "user.admin_password",
        Kind::Secret,
        "",
        "that administrator's password; empty: a random one, in data_dir/admin.password",
    ),
    Key::new(
        "user.admin_key",
        Kind::Flag,
        "true",
        "keep an administrator's API key for the command line in data_dir/admin.key",
    ),
];

/// The user service.
pub fn service() -> chassis::Service {
    chassis::Service {
        name: "user",
        port: 8081,
        database: Some(chassis::Database {
            spec: DatabaseSpec {
                name: "userdb",
                role: "jeongsan_user",
            },
            migrators: &MIGRATORS,
        }),
        settings: SETTINGS,
        start: |context| Box::pin(start(context)),
    }
}

/// What every use case works with.
#[derive(Clone)]
pub(crate) struct Office {
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) hasher: Hasher,
    pub(crate) hints: Hints,
    /// Whether browsers may send the session cookie over TLS only.
    pub(crate) secure_cookies: bool,
}

async fn start(context: Context) -> Result<Parts, StartError> {
    let settings = &context.settings;
    let office = Office {
        outbox: context.outbox()?,
        clock: Arc::clone(&context.clock),
        hasher: Hasher::new().await.map_err(|e| StartError::from_error(&e))?,
        hints: Hints::new(Arc::clone(&context.cache)),
        secure_cookies: settings.is_production(),
    };
    let wanted = FirstStart {
        data_dir: settings.text("data_dir").into(),
        login: settings.text("user.admin_login").to_owned(),
        password: settings
            .given("user.admin_password")
            .map(|text| Secret::new(text.to_owned())),
        keeps_key: settings.flag("user.admin_key"),
    };
    first_start::prepare(&office, &wanted)
        .await
        .map_err(|e| StartError::from_error(&e))?;
    context.tasks.spawn(
        "clean-up",
        worker::clean_up(office.clone(), context.tasks.stop_signal()),
    );
    Ok(Parts {
        routes: api::routes(office),
    })
}
