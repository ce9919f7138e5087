//! The service as the host sees it, and how its parts are put together.

use std::sync::Arc;

use calendar::TimeZone;
use chassis::{Context, Database, Key, Kind, Parts, Service, StartError};
use contracts::events::{
    DisputeChanged, Event, PaymentCompleted, PaymentRefunded, SettlementCompleted, SettlementLinesPriced,
};
use postgres::DatabaseSpec;

use crate::events::Books;
use crate::ops::Bookkeeper;
use crate::{MIGRATOR, api, worker};

const SETTINGS: &[Key] = &[
    Key::new(
        "accounting.port",
        Kind::Number,
        "0",
        "its port; 0: ports.base + 5",
    ),
    Key::new(
        "accounting.url",
        Kind::Text,
        "",
        "where it runs, seen from elsewhere; empty: host and port",
    ),
    Key::new(
        "accounting.database_url",
        Kind::Secret,
        "",
        "its database; empty: made on the server of postgres.url",
    ),
    Key::new(
        "accounting.time_zone",
        Kind::Text,
        "Asia/Seoul",
        "whose midnight ends a business day of the books: a name of the IANA database",
    ),
];

static MIGRATORS: [&sqlx::migrate::Migrator; 1] = [&MIGRATOR];

/// The accounting service: port 8085, database `accountingdb`.
pub fn service() -> Service {
    Service {
        name: "accounting",
        port: 8085,
        database: Some(Database {
            spec: DatabaseSpec {
                name: "accountingdb",
                role: "jeongsan_accounting",
            },
            migrators: &MIGRATORS,
        }),
        settings: SETTINGS,
        start: |context| Box::pin(async move { start(&context) }),
    }
}

fn start(context: &Context) -> Result<Parts, StartError> {
    let outbox = context.outbox()?;
    let time_zone = TimeZone::parse(context.settings.text("accounting.time_zone"))
        .map_err(|error| StartError(format!("accounting.time_zone: {error}")))?;
    let bookkeeper = Arc::new(Bookkeeper::new(time_zone, Arc::clone(&context.clock)));
    context.consume(
        PaymentCompleted::TOPIC,
        Arc::new(Books::<PaymentCompleted>::new(&bookkeeper)),
    )?;
    context.consume(
        PaymentRefunded::TOPIC,
        Arc::new(Books::<PaymentRefunded>::new(&bookkeeper)),
    )?;
    context.consume(
        DisputeChanged::TOPIC,
        Arc::new(Books::<DisputeChanged>::new(&bookkeeper)),
    )?;
    context.consume(
        SettlementLinesPriced::TOPIC,
        Arc::new(Books::<SettlementLinesPriced>::new(&bookkeeper)),
    )?;
    context.consume(
        SettlementCompleted::TOPIC,
        Arc::new(Books::<SettlementCompleted>::new(&bookkeeper)),
    )?;
    context.tasks.spawn(
        "watch-breaks",
        worker::watch_breaks(outbox.db().clone(), context.tasks.stop_signal()),
    );
    Ok(Parts {
        routes: api::routes(api::State { outbox, bookkeeper }),
    })
}
