//! Services that run, reached over HTTP as the gateway or another service reaches them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use chassis::{
    BASE_KEYS, Clock, Host, Keyring, ManualClock, Service, Settings, Signer, Sources, SystemClock,
};
use chrono::{DateTime, Utc};
use contracts::{Caller, Role};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tempfile::TempDir;

use crate::Database;
use crate::ports::Ports;

/// A caller who may do everything.
pub fn administrator() -> Caller {
    caller("usr_administrator", Role::Administrator)
}

/// A caller who may change payments, partners, contracts and settlements.
pub fn operator() -> Caller {
    caller("usr_operator", Role::Operator)
}

/// A caller who may only read.
pub fn auditor() -> Caller {
    caller("usr_auditor", Role::Auditor)
}

fn caller(id: &str, role: Role) -> Caller {
    Caller {
        id: id.to_owned(),
        roles: vec![role],
    }
}

/// What is to run; see [`Platform::of`].
pub struct PlatformBuilder {
    services: Vec<Service>,
    apart: Vec<Service>,
    flags: Vec<(String, String)>,
    clock: Option<DateTime<Utc>>,
}

impl PlatformBuilder {
    /// Gives a setting a value.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.flags.push((name.to_owned(), value.to_owned()));
        self
    }

    /// These belong to the platform too, with databases and addresses, but do not run until [`Platform::launch`].
    #[must_use]
    pub fn apart(mut self, services: &[Service]) -> Self {
        self.apart.extend_from_slice(services);
        self
    }

    /// Has time stand still at `instant` until [`Platform::set_clock`] moves it.
    #[must_use]
    pub fn clock_at(mut self, instant: DateTime<Utc>) -> Self {
        self.clock = Some(instant);
        self
    }

    /// Starts the services, in the order in which they were given.
    ///
    /// # Panics
    /// Where one does not start.
    pub async fn start(self) -> Platform {
        let data_dir = tempfile::tempdir().expect("a temporary folder");
        let ports = Ports::reserve();
        let mut flags = vec![
            ("data_dir".to_owned(), data_dir.path().display().to_string()),
            ("ports.base".to_owned(), ports.base.to_string()),
            ("postgres.max_connections".to_owned(), "8".to_owned()),
        ];
        flags.extend(self.flags);
        let every = [self.services.clone(), self.apart.clone()].concat();
        let keys = BASE_KEYS
            .iter()
            .chain(every.iter().flat_map(|service| service.settings))
            .copied();
        let sources = Sources {
            flags,
            ..Sources::default()
        };
        let settings = Arc::new(Settings::load(keys, &sources).expect("settings that exist"));
        let mut databases = BTreeMap::new();
        for service in every.iter().filter(|service| service.database.is_some()) {
            databases.insert(service.name, Database::for_service(service).await);
        }
        let manual = self.clock.map(|instant| Arc::new(ManualClock::at(instant)));
        let clock: Arc<dyn Clock> = match &manual {
            Some(clock) => Arc::<ManualClock>::clone(clock),
            None => Arc::new(SystemClock),
        };
        let host = Host::start(
            &self.services,
            &every,
            Arc::clone(&settings),
            &addresses_of(&databases),
            clock,
            telemetry::init_metrics(),
            None,
        )
        .await;
        let host = match host {
            Ok(host) => host,
            Err(error) => panic!("{error}"),
        };
        let keyring = Keyring::open(data_dir.path().join("keys")).expect("keys");
        let mut addresses: BTreeMap<_, _> = host.addresses().into_iter().collect();
        for service in &self.apart {
            let port = u16::try_from(chassis::port_of(service, &settings)).expect("a port");
            addresses.insert(service.name, (Ipv4Addr::LOCALHOST, port).into());
        }
        Platform {
            addresses,
            host,
            gateway: Signer::new("gateway", &keyring).expect("the gateway's key"),
            keyring,
            client: Client::builder(TokioExecutor::new()).build_http(),
            clock: manual,
            databases,
            settings,
            apart: self.apart,
            every,
            _ports: ports,
            _data_dir: data_dir,
        }
    }
}

/// Running services with a database each.
pub struct Platform {
    host: Host,
    addresses: BTreeMap<&'static str, SocketAddr>,
    gateway: Signer,
    keyring: Keyring,
    client: Client<HttpConnector, Full<Bytes>>,
    clock: Option<Arc<ManualClock>>,
    databases: BTreeMap<&'static str, Database>,
    pub(crate) settings: Arc<Settings>,
    /// What runs in processes of its own.
    pub(crate) apart: Vec<Service>,
    pub(crate) every: Vec<Service>,
    _ports: Ports,
    _data_dir: TempDir,
}

/// An HTTP answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as JSON; null where it is none.
    pub body: Value,
    /// Its body as it came.
    pub bytes: Bytes,
}

impl Answer {
    /// Checks the status and returns the body.
    ///
    /// # Panics
    /// Where the status is another one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        self.body
    }
}

impl Platform {
    /// These services, in the order of their start. Consumers of those that are left out wait in vain.
    pub fn of(services: &[Service]) -> PlatformBuilder {
        PlatformBuilder {
            services: services.to_vec(),
            apart: Vec::new(),
            flags: Vec::new(),
            clock: None,
        }
    }

    /// Moves a clock that was set with [`PlatformBuilder::clock_at`].
    ///
    /// # Panics
    /// Where it was not.
    pub fn set_clock(&self, instant: DateTime<Utc>) {
        self.clock.as_ref().expect("a clock that can be set").set(instant);
    }

    /// The database of `service`.
    ///
    /// # Panics
    /// Where it has none.
    pub fn database(&self, service: &str) -> &Database {
        self.databases.get(service).expect("a service with a database")
    }

    pub(crate) fn database_urls(&self) -> BTreeMap<&'static str, String> {
        addresses_of(&self.databases)
    }

    /// Where `service` listens.
    ///
    /// # Panics
    /// Where it does not run.
    pub fn address(&self, service: &str) -> SocketAddr {
        *self.addresses.get(service).expect("a running service")
    }

    /// `GET` as an operator.
    pub async fn get(&self, service: &'static str, path: &str) -> Answer {
        self.send(service, Some(&operator()), Method::GET, path, &[], None)
            .await
    }

    /// `POST` as an operator, with an `Idempotency-Key` of its own.
    pub async fn post(&self, service: &'static str, path: &str, body: &Value) -> Answer {
        let key = format!("{:032x}", rand::random::<u128>());
        let headers = [("idempotency-key", key.as_str())];
        self.send(
            service,
            Some(&operator()),
            Method::POST,
            path,
            &headers,
            Some(body),
        )
        .await
    }

    /// Any request in the name of `caller`, as the gateway passes it on; a service's name is signed by that service.
    ///
    /// # Panics
    /// Where there is no answer.
    pub async fn send(
        &self,
        service: &'static str,
        caller: Option<&Caller>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let answer = self.try_send(service, caller, method, path, headers, body).await;
        answer.expect("an answer")
    }

    /// The same; none where no whole answer came.
    ///
    /// # Panics
    /// Where it is no request.
    pub async fn try_send(
        &self,
        service: &'static str,
        caller: Option<&Caller>,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Option<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address(service)));
        if let Some(caller) = caller {
            let token = self.token(caller, service);
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let content = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = request.body(Full::new(content)).expect("a request");
        let answer = self.client.request(request).await.ok()?;
        let (head, body) = answer.into_parts();
        let bytes = body.collect().await.ok()?.to_bytes();
        Some(Answer {
            status: head.status,
            headers: head.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        })
    }

    /// The token with which the gateway, or the service of that name, speaks for `caller`.
    ///
    /// # Panics
    /// Where a key can't be read.
    pub fn token(&self, caller: &Caller, audience: &'static str) -> String {
        let token = match caller.id.strip_prefix("service:") {
            Some(name) => Signer::new(name, &self.keyring)
                .expect("the service's key")
                .sign(caller, audience),
            None => self.gateway.sign(caller, audience),
        };
        token.expect("a token")
    }

    /// Stops the services and checks that none left a transaction open.
    ///
    /// # Panics
    /// Where one did.
    pub async fn stop(self) {
        self.host.stop().await;
        for database in self.databases.values() {
            database.assert_no_open_transaction().await;
        }
    }
}

fn addresses_of(databases: &BTreeMap<&'static str, Database>) -> BTreeMap<&'static str, String> {
    let addresses = databases.iter();
    addresses
        .map(|(name, database)| (*name, database.url().to_owned()))
        .collect()
}
