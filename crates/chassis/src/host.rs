//! Runs any set of services in one process.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use bus::{EventLog, Outbox, OutboxLog};
use cache::AddressError;
use postgres::{Address, Db, DbOptions, PostgresError, Sharing, Timeouts};
use telemetry::MetricsHandle;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::authenticate;
use crate::caching::Caches;
use crate::health::{self, Health};
use crate::peers::Shared;
use crate::token::{Signer, Verifier};
use crate::transport::{self, Transport};
use crate::{Clock, Context, Keyring, Parts, Peers, PlatformLog, Service, Settings, StartError, Tasks, feed};

/// Why services could not be started.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A service has a database and no address of one was given.
    #[error("no address of the database of {0} was given; set postgres.url or {0}.database_url")]
    NoDatabase(&'static str),
    /// A database is not to be had.
    #[error(transparent)]
    Database(#[from] PostgresError),
    /// A port is taken.
    #[error("{service} cannot listen on {address}: {source}; stop what listens there, or set ports.base")]
    Port {
        /// The service.
        service: &'static str,
        /// Where it was to listen.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address of the cache is none.
    #[error("cache.url: {0}")]
    Cache(#[from] AddressError),
    /// A key can't be read or written.
    #[error("the keys in data_dir/keys cannot be used: {0}")]
    Keys(std::io::Error),
    /// A service refused to start.
    #[error("{service} does not start: {source}")]
    Service {
        /// The service.
        service: &'static str,
        /// Its reason.
        source: StartError,
    },
}

/// A process's services, running.
pub struct Host {
    running: Vec<Running>,
    shared: Arc<Shared>,
    caches: Caches,
    closing: CancellationToken,
    connections: TaskTracker,
    limit: Duration,
    /// Services of the whole platform that share a database server, here and elsewhere.
    sharing: usize,
    transport: Option<Arc<dyn Transport>>,
}

struct Running {
    name: &'static str,
    address: SocketAddr,
    tasks: Tasks,
    events: Arc<dyn EventLog>,
    databases: Vec<Db>,
    open: Arc<AtomicBool>,
}

impl Host {
    /// Starts `services`, in their order. `every` names all services of the platform, so that those elsewhere can
    /// be addressed; `databases` holds the address of each service's database, by service. Without a `transport`
    /// events are read from the outbox of the service that published them.
    #[allow(
        clippy::too_many_arguments,
        reason = "everything that a process of services is made of"
    )]
    pub async fn start(
        services: &[Service],
        every: &[Service],
        settings: Arc<Settings>,
        databases: &BTreeMap<&'static str, String>,
        clock: Arc<dyn Clock>,
        metrics: MetricsHandle,
        transport: Option<Arc<dyn Transport>>,
    ) -> Result<Self, HostError> {
        let data_dir = std::path::Path::new(settings.text("data_dir"));
        let keyring = Keyring::open(data_dir.join("keys")).map_err(HostError::Keys)?;
        let remote: HashMap<_, _> = every
            .iter()
            .map(|s| (s.name, remote_address(s, &settings)))
            .collect();
        let mut host = Self {
            running: Vec::new(),
            shared: Arc::new(Shared::new(remote)),
            caches: Caches::new(&settings)?,
            closing: CancellationToken::new(),
            connections: TaskTracker::new(),
            limit: Duration::from_millis(settings.number("shutdown.limit_ms")),
            sharing: every.iter().filter(|service| service.database.is_some()).count(),
            transport,
        };
        for service in services {
            host.start_one(service, &settings, databases, &clock, &keyring, &metrics)
                .await?;
        }
        for running in &host.running {
            running.open.store(true, Ordering::Relaxed);
        }
        Ok(host)
    }

    async fn start_one(
        &mut self,
        service: &Service,
        settings: &Arc<Settings>,
        databases: &BTreeMap<&'static str, String>,
        clock: &Arc<dyn Clock>,
        keyring: &Keyring,
        metrics: &MetricsHandle,
    ) -> Result<(), HostError> {
        let name = service.name;
        let (db, leases) = match service.database {
            Some(database) => {
                let (db, leases) =
                    open_database(service, &database, settings, databases, self.sharing).await?;
                (Some(db), Some(leases))
            }
            None => (None, None),
        };
        let outbox = db.clone().map(Outbox::new);
        let log = outbox.clone().map(OutboxLog::new);
        if let Some(log) = &log {
            self.shared.add_log(name, log.clone());
        }
        let signer = Signer::new(name, keyring).map_err(HostError::Keys)?;
        let peers = Peers::new(name, signer, Arc::clone(&self.shared));
        let tasks = Tasks::default();
        let feed = PlatformLog::new(peers.clone());
        if let (Some(transport), Some(outbox), Some(leases)) = (&self.transport, &outbox, &leases) {
            let lease = transport::lease(leases, "relay", settings);
            transport::relay(name, outbox, lease, transport.broker(name), &tasks);
        }
        let events: Arc<dyn EventLog> = match &self.transport {
            Some(transport) => transport.log(name, Arc::new(feed)),
            None => Arc::new(feed),
        };
        let context = Context {
            service: name,
            settings: Arc::clone(settings),
            clock: Arc::clone(clock),
            peers,
            cache: self.caches.for_service(),
            tasks: tasks.clone(),
            outbox,
            leases: leases.clone(),
            log: Arc::clone(&events),
        };
        let parts = (service.start)(context)
            .await
            .map_err(|source| HostError::Service {
                service: name,
                source,
            })?;
        let open = Arc::new(AtomicBool::new(false));
        let router = assemble(name, parts, log, db.clone(), &open, settings, keyring, metrics);
        self.shared.add_local(name, router.clone());
        let address = self.listen(service, settings, router).await?;
        self.running.push(Running {
            name,
            address,
            tasks,
            events,
            databases: db.into_iter().chain(leases).collect(),
            open,
        });
        Ok(())
    }

    async fn listen(
        &self,
        service: &Service,
        settings: &Settings,
        router: Router,
    ) -> Result<SocketAddr, HostError> {
        let address = format!("{}:{}", settings.text("host"), port_of(service, settings));
        let fault = |source| HostError::Port {
            service: service.name,
            address: address.clone(),
            source,
        };
        let listener = TcpListener::bind(&address).await.map_err(fault)?;
        let bound = listener.local_addr().map_err(fault)?;
        let closing = self.closing.clone();
        self.connections.spawn(async move {
            // With the client's address, which the gateway passes on.
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            let served = axum::serve(listener, service)
                .with_graceful_shutdown(closing.cancelled_owned())
                .await;
            if let Err(error) = served {
                tracing::error!(error = %error, "a listener ended");
            }
        });
        Ok(bound)
    }

    /// Where the services listen, in the order of their start.
    pub fn addresses(&self) -> Vec<(&'static str, SocketAddr)> {
        self.running.iter().map(|r| (r.name, r.address)).collect()
    }

    /// Stops in order: say not ready, take no new work, finish what is begun, close the pools. What has not ended
    /// within `shutdown.limit_ms` is left; the next start recovers it.
    pub async fn stop(self) {
        for running in &self.running {
            running.open.store(false, Ordering::Relaxed);
        }
        // One deadline for all that follows: whoever stops us kills us some time after it.
        let deadline = Instant::now() + self.limit;
        self.closing.cancel();
        self.connections.close();
        if timeout_at(deadline, self.connections.wait()).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
        // The gateway first, the sources of events last: the reverse of the start.
        for running in self.running.iter().rev() {
            if !running.tasks.stop(deadline.duration_since(Instant::now())).await {
                tracing::warn!(service = running.name, "some loops did not end in time");
            }
            if timeout_at(deadline, running.events.close()).await.is_err() {
                tracing::warn!(
                    service = running.name,
                    "its group of readers was not left in time"
                );
            }
        }
        self.shared.clear();
        for db in self.running.into_iter().flat_map(|r| r.databases) {
            let _ = timeout_at(deadline, db.close()).await;
        }
    }
}

/// The service's pool, and one connection beside it for its leases.
async fn open_database(
    service: &Service,
    database: &crate::Database,
    settings: &Settings,
    databases: &BTreeMap<&'static str, String>,
    sharing: usize,
) -> Result<(Db, Db), HostError> {
    let url = databases
        .get(service.name)
        .ok_or(HostError::NoDatabase(service.name))?;
    let mut options = db_options(url, service.name, settings, sharing)?;
    let db = Db::connect(&options).await?;
    for migrator in database.every_migrator() {
        db.migrate(migrator).await?;
    }
    options.max_connections = 1;
    Ok((db, Db::connect(&options).await?))
}

/// The limits are computed in [`postgres::Timeouts`] and [`Sharing`]; what is set for a service goes before them.
fn db_options(
    url: &str,
    service: &'static str,
    settings: &Settings,
    services: usize,
) -> Result<DbOptions, PostgresError> {
    let number = |name: &str| settings.number(&format!("postgres.{name}"));
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let own = settings.number(&format!("{service}.max_connections"));
    let set = if own > 0 { own } else { number("max_connections") };
    let sharing = Sharing {
        server_connections: small(number("server_connections")),
        services: u32::try_from(services).unwrap_or(u32::MAX),
        copies: small(number("copies")),
        has_replicas: Address::parse(url)?.has_several_hosts(),
    };
    let mut options = DbOptions::new(url, service);
    options.max_connections = if set > 0 {
        small(set).max(2)
    } else {
        sharing.connections()
    };
    options.timeouts = Timeouts::within(Duration::from_millis(settings.number("http.timeout_ms")));
    options.lag_limit = Duration::from_millis(number("lag_limit_ms"));
    Ok(options)
}

#[allow(
    clippy::too_many_arguments,
    reason = "everything that a service's router is made of"
)]
fn assemble(
    name: &'static str,
    parts: Parts,
    log: Option<OutboxLog>,
    db: Option<Db>,
    open: &Arc<AtomicBool>,
    settings: &Settings,
    keyring: &Keyring,
    metrics: &MetricsHandle,
) -> Router {
    let (own, mut api) = parts.routes.split_for_parts();
    api.info.title = format!("Jeongsan {name}");
    env!("CARGO_PKG_VERSION").clone_into(&mut api.info.version);
    web::document_problems(&mut api);
    // What has no database leaves nothing half done; whom it asks goes on by himself.
    let has_state = db.is_some();
    let health = Health {
        service: name,
        db,
        open: Arc::clone(open),
        metrics: metrics.clone(),
        api: Arc::new(api),
    };
    let verifier = Arc::new(Verifier::new(name, keyring.clone()));
    let body_limit = usize::try_from(settings.number("http.body_limit")).unwrap_or(usize::MAX);
    let timeout = Duration::from_millis(settings.number("http.timeout_ms"));
    let mut router = own;
    if let Some(log) = log {
        router = router.merge(feed::routes(log));
    }
    router
        .layer(from_fn(move |request, next| {
            authenticate(Arc::clone(&verifier), request, next)
        }))
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(from_fn(move |request, next: axum::middleware::Next| async move {
            let answer = async {
                if has_state {
                    web::detach(request, next).await
                } else {
                    next.run(request).await
                }
            };
            tokio::time::timeout(timeout, answer).await.unwrap_or_else(|_| {
                use axum::response::IntoResponse as _;
                let detail =
                    "the work goes on; repeat the request with the same Idempotency-Key to get its answer";
                web::Problem::new(web::Code::Timeout, detail).into_response()
            })
        }))
        .merge(health::routes(health))
        .layer(from_fn(move |request, next| web::observe(name, request, next)))
}

/// Where a service listens. Ports keep their distance from the gateway's, so that one number moves an installation.
pub fn port_of(service: &Service, settings: &Settings) -> u64 {
    let own = settings.number(&format!("{}.port", service.name));
    if own > 0 {
        own
    } else {
        settings.number("ports.base") + u64::from(service.port.saturating_sub(8080))
    }
}

fn remote_address(service: &Service, settings: &Settings) -> String {
    settings.given(&format!("{}.url", service.name)).map_or_else(
        || format!("http://{}:{}", settings.text("host"), port_of(service, settings)),
        |url| url.trim_end_matches('/').to_owned(),
    )
}
