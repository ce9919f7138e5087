//! `jeongsan postgres`: the embedded server alone, for services that run as processes of their own, and for tests.

use chassis::Settings;
use serde_json::json;

use crate::access::Server;
use crate::cli::Running;
use crate::commands::serve;
use crate::fault::Fault;
use crate::output::{self, Form};
use crate::settings;
use crate::shutdown::Shutdown;

pub(crate) async fn run(settings: &Settings, running: &Running, form: Form) -> Result<(), Fault> {
    if settings.given("postgres.url").is_some() {
        return Err(Fault::Usage(
            "postgres.url names a server already; leave it out to run one here".to_owned(),
        ));
    }
    serve::init_logs(settings, "postgres");
    let mut shutdown = Shutdown::listen()?;
    let mut server = Server::start(settings).await?;
    let Some(what) = server.describe() else {
        return Err(Fault::Failed(
            "another process runs the server of this data folder: use that one, or stop it, or choose another --data-dir"
                .to_owned(),
        ));
    };
    let url_file = settings::data_dir(settings).join("postgres.url");
    let value = json!({ "server": what, "address_in": url_file });
    serve::write_ready_file(running, &value)?;
    let text = || format!("{what} is ready; its address is in {}", url_file.display());
    output::answer(form, text, &value);
    let lost = tokio::select! {
        () = shutdown.asked() => false,
        () = server.lost() => true,
    };
    server.stop().await?;
    if lost {
        return Err(Fault::Failed(
            "the database server died again and again; see postgres.log in the data folder".to_owned(),
        ));
    }
    Ok(())
}
