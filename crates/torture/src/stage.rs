//! A shape, running.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use e2e::{Api, Mode, Platform, within};
use servers::{Kafka, Patroni, RedisSentinel};

use crate::Options;
use crate::backlog::Databases;
use crate::shape::Shape;

/// The password of the servers of Redis. They are gone with the run.
const REDIS_PASSWORD: &str = "torture";
/// The ports of second copies follow those of the services.
const FIRST_FREE: u16 = 12;
/// How long a process may take to be ready on a starved machine.
pub(crate) const READY_LIMIT: Duration = Duration::from_mins(3);

/// Copies of one service, by the port that each listens on.
pub(crate) type Copies = BTreeMap<u16, String>;

/// Servers and processes. Dropped, the platform goes first, in order.
pub(crate) struct Stage {
    pub(crate) platform: Platform,
    pub(crate) kafka: Option<Kafka>,
    pub(crate) redis: Option<RedisSentinel>,
    pub(crate) patroni: Option<Patroni>,
    pub(crate) shape: Shape,
    /// The copies of services that have more than one, by service.
    pub(crate) copies: BTreeMap<&'static str, Copies>,
    /// Ports of all gateways.
    gateways: Vec<u16>,
    /// How many copies were started in all, for their names.
    pub(crate) started: u32,
    /// Servers of Redis that are paused.
    pub(crate) paused: Vec<u16>,
    /// The process that is paused.
    pub(crate) paused_process: Option<String>,
}

impl Stage {
    /// Starts all of a shape, and waits until it is ready.
    pub(crate) async fn start(shape: Shape, options: &Options) -> Result<Self> {
        let kafka = match shape.kafka {
            Some(kafka) => Some(Kafka::start(kafka).await?),
            None => None,
        };
        let redis = if shape.redis {
            Some(RedisSentinel::start(REDIS_PASSWORD).await?)
        } else {
            None
        };
        let patroni = if shape.patroni {
            Some(Patroni::start().await?)
        } else {
            None
        };
        let mut settings = own(shape.settings);
        if let (Some(kafka), Some(shape)) = (&kafka, shape.kafka) {
            settings.push(("events.transport".to_owned(), "kafka".to_owned()));
            settings.push(("kafka.brokers".to_owned(), kafka.bootstrap()));
            settings.extend(own(&Shape::kafka_settings(shape)));
        }
        if let Some(redis) = &redis {
            settings.push(("cache.url".to_owned(), cache_url(redis)));
        }
        if let Some(patroni) = &patroni {
            settings.push(("postgres.url".to_owned(), patroni.url("postgres")));
        }
        settings.extend(options.settings.iter().cloned());
        let stage = e2e::Stage {
            binary: options.binary.clone(),
            mode: Mode::Split,
            settings,
        };
        let platform = Platform::start_on(stage).await?;
        let mut this = Self {
            gateways: vec![platform.base_port()],
            platform,
            kafka,
            redis,
            patroni,
            shape,
            copies: BTreeMap::new(),
            started: 0,
            paused: Vec::new(),
            paused_process: None,
        };
        this.double().await?;
        Ok(this)
    }

    /// Starts the second copies.
    async fn double(&mut self) -> Result<()> {
        let base = self.platform.base_port();
        for (service, port) in self.shape.doubled.iter().zip(base + FIRST_FREE..) {
            let first = base + offset(service).with_context(|| format!("{service} has a port"))?;
            self.copies
                .insert(service, Copies::from([(first, (*service).to_owned())]));
            self.add_copy(service, port)?;
            self.ready(port).await?;
            if *service == "payment" {
                let gateway = base + FIRST_FREE + 7;
                let (gateway_port, url) = (gateway.to_string(), format!("http://127.0.0.1:{port}"));
                let settings = [("gateway.port", &*gateway_port), ("payment.url", &*url)];
                self.platform
                    .launch_with("gateway-2", &["serve", "gateway"], &settings)?;
                self.gateways.push(gateway);
                self.ready(gateway).await?;
            }
        }
        Ok(())
    }

    /// Starts one more copy of a service on that port.
    pub(crate) fn add_copy(&mut self, service: &'static str, port: u16) -> Result<()> {
        self.started += 1;
        let name = format!("{service}-copy-{}", self.started);
        let setting = format!("{service}.port");
        self.platform
            .launch_with(&name, &["serve", service], &[(&setting, &port.to_string())])?;
        self.copies.entry(service).or_default().insert(port, name);
        Ok(())
    }

    async fn ready(&self, port: u16) -> Result<()> {
        let probe = Api::new(format!("http://127.0.0.1:{port}"), "");
        within(READY_LIMIT, "a second copy", || async {
            probe.get("/readyz").await.map(Some)
        })
        .await
        .with_context(|| self.platform.log_tail())
        .map(drop)
    }

    /// The platform's doors, with the administrator's key.
    pub(crate) fn gateways(&self) -> Result<Vec<Api>> {
        let first = self.platform.api()?;
        let api = |port: &u16| Api::new(format!("http://127.0.0.1:{port}"), first.key());
        Ok(self.gateways.iter().map(api).collect())
    }

    /// Where processes of services listen.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let base = self.platform.base_port();
        let mut ports: Vec<u16> = (base..=base + 10).collect();
        ports.extend(self.gateways.iter().skip(1));
        ports.extend(self.copies.values().flat_map(BTreeMap::keys));
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// The databases.
    pub(crate) fn databases(&self) -> Result<Databases> {
        if let Some(patroni) = &self.patroni {
            return Ok(Databases::at(&patroni.url("postgres")));
        }
        let file = self.platform.data_dir().join("postgres.url");
        Ok(Databases::at(std::fs::read_to_string(file)?.trim()))
    }
}

/// How far the port of a service is from the gateway's.
fn offset(service: &str) -> Option<u16> {
    Some(match service {
        "payment" => 2,
        "settlement" => 3,
        "accounting" => 5,
        _ => return None,
    })
}

fn cache_url(redis: &RedisSentinel) -> String {
    let ports = redis.sentinel_ports();
    let sentinels: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let (sentinels, master) = (sentinels.join(","), redis.master_name());
    format!("redis+sentinel://:{REDIS_PASSWORD}@{sentinels}/{master}?db=0")
}

fn own(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    own.collect()
}
