//! What all servers of the cluster have in common, and the settings of each.

use std::path::{Path, PathBuf};

use super::SERVERS;
use crate::etcd;

/// How many ports in a row all of it needs: PostgreSQL and Patroni of each server, and etcd.
pub(super) const PORTS: u16 = 2 * SERVERS + etcd::PORTS;
/// Patroni takes no shorter one: after so long without a sign of life the leader has lost its place.
const TTL_S: u8 = 20;
/// How often each Patroni looks, and how long it tries to reach etcd or PostgreSQL. Twice the second and once the
/// first must fit into the time above, or a leader that is alive could lose its place.
const LOOP_WAIT_S: u8 = 2;
const RETRY_TIMEOUT_S: u8 = 5;

/// One cluster's folder, ports and passwords.
#[derive(Debug)]
pub(super) struct Cluster {
    /// Absolute, without links on the way.
    pub(super) folder: PathBuf,
    pub(super) base_port: u16,
    /// Of the administrator and of the roles that copy and rewind; letters and digits.
    pub(super) password: String,
}

impl Cluster {
    pub(super) fn port(&self, server: u16) -> u16 {
        self.base_port.saturating_add(server)
    }

    pub(super) fn rest_port(&self, server: u16) -> u16 {
        self.port(SERVERS.saturating_add(server))
    }

    pub(super) fn etcd_port(&self) -> u16 {
        self.port(SERVERS.saturating_mul(2))
    }

    /// The file of settings of one server's Patroni.
    ///
    /// A commit waits for one of the two replicas. The limit of a replica's lag is out of reach, since the quorum
    /// decides who has all that was acknowledged. Without etcd the leader stays what it is as long as it reaches all
    /// others.
    pub(super) fn settings(&self, server: u16, name: &str, data: &Path, bin: &Path) -> String {
        let Self { folder, password, .. } = self;
        let (port, rest_port) = (self.port(server), self.rest_port(server));
        let etcd_port = self.etcd_port();
        let (folder, data, bin) = (folder.display(), data.display(), bin.display());
        format!(
            r#"scope: jeongsan
name: {name}
restapi: {{listen: "127.0.0.1:{rest_port}", connect_address: "127.0.0.1:{rest_port}"}}
etcd3: {{hosts: "127.0.0.1:{etcd_port}"}}
bootstrap:
  dcs:
    ttl: {TTL_S}
    loop_wait: {LOOP_WAIT_S}
    retry_timeout: {RETRY_TIMEOUT_S}
    maximum_lag_on_failover: 1073741824
    synchronous_mode: quorum
    synchronous_node_count: 1
    failsafe_mode: true
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: 300
        max_wal_senders: 10
        shared_buffers: 64MB
        wal_level: replica
        wal_log_hints: "on"
        wal_keep_size: 256MB
        hot_standby: "on"
  initdb:
    - encoding: UTF8
    - locale: C
    - auth: scram-sha-256
    - data-checksums
postgresql:
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  data_dir: "{data}"
  bin_dir: "{bin}"
  pgpass: "{folder}/{name}/pgpass"
  authentication:
    superuser: {{username: postgres, password: "{password}"}}
    replication: {{username: replicator, password: "{password}"}}
    rewind: {{username: rewinder, password: "{password}"}}
  pg_hba:
    - host all all 127.0.0.1/32 scram-sha-256
    - host replication all 127.0.0.1/32 scram-sha-256
  basebackup:
    - checkpoint: fast
  parameters:
    unix_socket_directories: ""
    wal_retrieve_retry_interval: 200ms
"#
        )
    }
}
