//! `jeongsan up` and `jeongsan serve`: services, until a signal stops them.

use std::sync::Arc;

use chassis::{Host, Service, Settings, Transport};
use kafka::KafkaTransport;
use serde_json::{Value, json};
use telemetry::LogFormat;

use crate::access::{self, Server};
use crate::cli::Running;
use crate::fault::Fault;
use crate::output::{self, Form};
use crate::shutdown::Shutdown;
use crate::{secret_file, settings, targets};

/// Runs `services`. With all of them, an embedded server is started where no other is named; with some, one has to
/// be there.
pub(crate) async fn run(
    settings: Settings,
    services: Vec<Service>,
    running: &Running,
    form: Form,
) -> Result<(), Fault> {
    let is_everything = services.len() >= targets::up(settings.is_production()).len();
    let name = if is_everything {
        "jeongsan"
    } else {
        services.first().map_or("", |s| s.name)
    };
    init_logs(&settings, name);
    let mut shutdown = Shutdown::listen()?;
    let mut server = if is_everything {
        Some(Server::start(&settings).await?)
    } else {
        None
    };
    let outcome = tokio::select! {
        outcome = host(settings, &services, server.as_ref(), running, form) => outcome,
        () = shutdown.asked() => Ok(None),
    };
    let outcome = match outcome {
        Ok(Some(host)) => until_stopped(host, &mut shutdown, server.as_mut()).await,
        Ok(None) => Ok(()),
        Err(fault) => Err(fault),
    };
    // Whatever happened, a server that is ours is not left behind.
    let stopped = match server {
        Some(server) => server.stop().await,
        None => Ok(()),
    };
    outcome.and(stopped)
}

/// Sends the logs of this process to standard error.
pub(crate) fn init_logs(settings: &Settings, name: &str) {
    let format = LogFormat::parse(settings.text("log.format")).unwrap_or(LogFormat::Json);
    telemetry::init_logs(format, settings.text("log.filter"), name);
}

/// Tells whoever started us that everything is ready.
pub(crate) fn write_ready_file(running: &Running, value: &Value) -> Result<(), Fault> {
    let Some(path) = &running.ready_file else {
        return Ok(());
    };
    secret_file::replace(path, &format!("{value:#}\n")).map_err(|e| Fault::failed(path.display(), &e))
}

async fn host(
    settings: Settings,
    services: &[Service],
    server: Option<&Server>,
    running: &Running,
    form: Form,
) -> Result<Option<Host>, Fault> {
    let admin_url = match server {
        Some(server) => Some(server.admin_url().to_owned()),
        None => access::admin_url(&settings).await,
    };
    let databases = access::databases(&settings, admin_url.as_deref(), services).await?;
    let transport = transport(&settings)?;
    let settings = Arc::new(settings);
    let metrics = telemetry::init_metrics();
    tokio::spawn(metrics.clone().upkeep());
    let host = Host::start(
        services,
        &targets::all(),
        Arc::clone(&settings),
        &databases,
        settings::clock(&settings),
        metrics,
        transport,
    )
    .await?;
    let addresses: serde_json::Map<_, _> = host
        .addresses()
        .into_iter()
        .map(|(name, address)| (name.to_owned(), json!(format!("http://{address}"))))
        .collect();
    let value = json!({ "ready": true, "pid": std::process::id(), "services": addresses });
    write_ready_file(running, &value)?;
    output::answer(form, || summary(&settings, &host, server), &value);
    Ok(Some(host))
}

/// What carries events from service to service; none where they are read from the outboxes.
fn transport(settings: &Settings) -> Result<Option<Arc<dyn Transport>>, Fault> {
    let options = kafka::Options::from_settings(settings).map_err(|e| Fault::Settings(e.to_string()))?;
    let carried = |options| -> Arc<dyn Transport> { Arc::new(KafkaTransport::new(options)) };
    Ok(options.map(carried))
}

async fn until_stopped(
    host: Host,
    shutdown: &mut Shutdown,
    server: Option<&mut Server>,
) -> Result<(), Fault> {
    let lost = async {
        match server {
            Some(server) => server.lost().await,
            None => std::future::pending().await,
        }
    };
    let is_lost = tokio::select! {
        () = shutdown.asked() => false,
        () = lost => true,
    };
    tracing::info!("stopping");
    tokio::select! {
        () = host.stop() => {}
        // Asked a second time: what is unfinished is left, the next start recovers it.
        () = shutdown.asked() => tracing::warn!("stopping at once"),
    }
    if is_lost {
        return Err(Fault::Failed(
            "the database server died again and again; see postgres.log in the data folder".to_owned(),
        ));
    }
    Ok(())
}

/// What a person wants to know now.
fn summary(settings: &Settings, host: &Host, server: Option<&Server>) -> String {
    let mut rows: Vec<Vec<String>> = host
        .addresses()
        .into_iter()
        .map(|(name, address)| vec![format!("  {name}"), format!("http://{address}")])
        .collect();
    if let Some(database) = server.and_then(Server::describe) {
        rows.push(vec!["  database".to_owned(), database]);
    }
    let services = output::table(&rows);
    if server.is_none() {
        return format!("ready\n{services}");
    }
    let base = settings::gateway_url(settings);
    let data_dir = settings::data_dir(settings);
    let key = data_dir.join("admin.key");
    let (folder, key) = (data_dir.display(), key.display());
    let program = std::env::current_exe().unwrap_or_else(|_| "jeongsan".into());
    let program = program.display();
    format!(
        "Jeongsan is ready.\n\n{services}\n\n  API            {base}\n  documentation  {base}/docs\n  \
         data           {folder}\n  key            {key} (an administrator's)\n\nTry:\n  \
         curl -s -H \"Authorization: Bearer $(cat '{key}')\" {base}/v1/partners\n  \
         {program} verify --data-dir '{folder}'\n\nCtrl-C stops everything."
    )
}
