//! What can be done to a running platform.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use servers::{Kafka, Patroni, RedisSentinel};
use tokio::time::{Instant, sleep};

use crate::stage::{Copies, Stage};
use crate::traces;

/// How long Kafka may take to notice that a broker is dead.
const NOTICE_LIMIT: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(200);
/// The topic that is looked at.
const TOPIC: &str = "payment-completed";

/// One thing that is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    /// `kill -9` for that broker.
    KillBroker(usize),
    /// `kill -9` for the broker that is the controller.
    KillController,
    /// `kill -9` for that `ZooKeeper`.
    KillZooKeeper(usize),
    /// `kill -9` for all brokers.
    KillKafka,
    /// What is dead of Kafka is started again.
    RestartKafka,
    /// `kill -9` for the master.
    KillMaster,
    /// The sentinels make another one the master.
    FailOver,
    /// `SIGSTOP` for what is not the master.
    PauseReplicas,
    /// `kill -9` for the master, and `SIGCONT` for the replicas.
    KillMasterResumeReplicas,
    /// `kill -9` for servers and sentinels.
    KillRedis,
    /// What is dead of Redis is started again.
    RestartRedis,
    /// `kill -9` for Patroni and PostgreSQL of the primary.
    KillPrimary,
    /// What is dead of PostgreSQL is started again.
    RestartPostgres,
    /// `SIGSTOP` for the copy of that service whose relay leads.
    PauseLeader(&'static str),
    /// `SIGCONT` for it.
    ResumeLeader,
    /// Of each doubled service one copy is killed and another one started.
    Churn,
}

impl Stage {
    /// Does it; says what was done.
    pub(crate) async fn act(&mut self, deed: Deed) -> Result<String> {
        match deed {
            Deed::KillBroker(broker) => {
                self.kafka()?.kill_broker(broker)?;
                self.noticed(format!("broker {broker} killed")).await
            }
            Deed::KillController => {
                let controller = self.kafka()?.kill_controller().await?;
                self.noticed(format!("controller {controller} killed")).await
            }
            Deed::KillZooKeeper(number) => {
                self.kafka()?.kill_zookeeper(number)?;
                Ok(format!("ZooKeeper {number} killed"))
            }
            Deed::KillKafka => {
                self.kafka()?.kill_all();
                Ok("all of Kafka killed".to_owned())
            }
            Deed::RestartKafka => {
                self.kafka()?.restart_dead().await?;
                Ok("Kafka complete again".to_owned())
            }
            Deed::KillMaster => {
                let port = self.redis()?.kill_master().await.context("there is a master")?;
                Ok(format!("master {port} killed"))
            }
            Deed::FailOver => {
                self.redis()?.fail_over().await?;
                Ok("failover asked for".to_owned())
            }
            Deed::PauseReplicas => self.pause_replicas().await,
            Deed::KillMasterResumeReplicas => self.lose_what_lags(),
            Deed::KillRedis => {
                self.redis()?.kill_all();
                Ok("all of Redis killed".to_owned())
            }
            Deed::RestartRedis => {
                self.redis()?.restart_dead().await?;
                Ok("Redis complete again".to_owned())
            }
            Deed::KillPrimary => {
                let server = self.patroni()?.kill_primary().await?;
                Ok(format!("primary {server} killed"))
            }
            Deed::RestartPostgres => {
                self.patroni()?.restart_dead().await?;
                Ok("PostgreSQL complete again".to_owned())
            }
            Deed::PauseLeader(service) => self.pause_leader(service).await,
            Deed::ResumeLeader => {
                let name = self.paused_process.take().context("a leader is paused")?;
                self.platform.resume(&name)?;
                Ok(format!("{name} goes on"))
            }
            Deed::Churn => self.churn(),
        }
    }

    /// Waits until Kafka has taken a dead broker out of those that are in step, where there are others.
    async fn noticed(&mut self, done: String) -> Result<String> {
        let kafka = self.kafka()?;
        let all = kafka.brokers().len();
        let begin = Instant::now();
        while all > 1 && begin.elapsed() < NOTICE_LIMIT {
            if let Some(in_step) = kafka.in_sync(TOPIC).await
                && in_step < all
            {
                let took = begin.elapsed().as_millis();
                return Ok(format!("{done}, {in_step} of {all} in step after {took} ms"));
            }
            sleep(LOOK).await;
        }
        Ok(done)
    }

    async fn pause_replicas(&mut self) -> Result<String> {
        let redis = self.redis()?;
        let master = redis.master().await.context("there is a master")?;
        let replicas: Vec<u16> = redis
            .server_ports()
            .into_iter()
            .filter(|port| *port != master)
            .collect();
        for replica in &replicas {
            redis.pause(*replica);
        }
        self.paused = replicas;
        Ok("replicas paused".to_owned())
    }

    /// The master must be dead before a replica sees a byte more.
    fn lose_what_lags(&mut self) -> Result<String> {
        let replicas = std::mem::take(&mut self.paused);
        let redis = self.redis()?;
        let master = redis
            .server_ports()
            .into_iter()
            .find(|port| !replicas.contains(port))
            .context("one is not paused")?;
        redis.kill(master);
        for replica in replicas {
            redis.resume(replica);
        }
        Ok(format!("master {master} killed with what replicas had not seen"))
    }

    /// Pauses the copy that leads, and waits until another one does: that leads change hands elsewhere, as they may on
    /// a starved machine, is no evidence.
    async fn pause_leader(&mut self, service: &'static str) -> Result<String> {
        let copies = self
            .copies
            .get(service)
            .context("the service has copies")?
            .clone();
        let (port, name) = leader(&copies).await?;
        self.platform.pause(&name)?;
        self.paused_process = Some(name.clone());
        let others = copies.into_iter().filter(|(other, _)| *other != port).collect();
        let begin = Instant::now();
        let (_, next) = leader(&others).await?;
        let took = begin.elapsed().as_millis();
        Ok(format!(
            "{name} paused, whose relay led; {next} leads after {took} ms"
        ))
    }

    fn churn(&mut self) -> Result<String> {
        let copies = self.copies.clone();
        let mut done = Vec::new();
        for (service, copies) in copies {
            // In turn: names end with the number of their start, and the oldest goes first.
            let oldest = copies.into_iter().min_by_key(|(_, name)| age(name));
            let (port, name) = oldest.context("a service has copies")?;
            self.platform.kill(&name)?;
            self.add_copy(service, port)?;
            done.push(name);
        }
        Ok(format!("{} killed and replaced", done.join(" and ")))
    }

    fn kafka(&mut self) -> Result<&mut Kafka> {
        self.kafka.as_mut().context("the shape has no Kafka")
    }

    fn redis(&mut self) -> Result<&mut RedisSentinel> {
        self.redis.as_mut().context("the shape has no Redis")
    }

    fn patroni(&mut self) -> Result<&mut Patroni> {
        self.patroni.as_mut().context("the shape has no Patroni")
    }
}

/// Waits until one of these copies says that its relay leads.
async fn leader(copies: &Copies) -> Result<(u16, String)> {
    let begin = Instant::now();
    while begin.elapsed() < NOTICE_LIMIT {
        for (port, name) in copies {
            let page = traces::metrics(*port).await?;
            if traces::sum(&page, "jeongsan_lease_held{lease=\"relay\"}") == 1 {
                return Ok((*port, name.clone()));
            }
        }
        sleep(LOOK).await;
    }
    let names: Vec<_> = copies.values().map(String::as_str).collect();
    bail!(
        "the relay of none of these leads within {NOTICE_LIMIT:?}: {}",
        names.join(", ")
    )
}

/// The number of a copy's start; the first has none.
fn age(name: &str) -> u32 {
    name.rsplit('-')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
