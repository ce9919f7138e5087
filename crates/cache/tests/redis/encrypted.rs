//! Redis over TLS, with certificates of an authority of one's own.

use servers::TestCa;
use tempfile::TempDir;

use super::away::answers_at_once;
use super::*;

fn authority() -> (TestCa, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (TestCa::create(folder.path()).unwrap(), folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_the_named_authority_keeps_what_it_is_given() {
    let (own, _folder) = authority();
    let mut server = RedisServer::start_encrypted(PASSWORD, &own).await.unwrap();
    let (port, ca_file) = (server.port(), own.ca_file().display());
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("rediss://:{ESCAPED}@{host}:{port}/2?ca_file={ca_file}");
        let cache = RedisCache::new(url.parse().unwrap());
        until_kept(&cache, PATIENCE).await;
        server.kill();
        until_away(&cache).await;
        server.restart().await.unwrap();
        until_kept(&cache, PATIENCE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_certificate_of_the_named_authority_is_not_spoken_to() {
    let ((own, _folder), (stranger, _elsewhere)) = (authority(), authority());
    let server = RedisServer::start_encrypted(PASSWORD, &own).await.unwrap();
    let at = format!(":{ESCAPED}@127.0.0.1:{}", server.port());
    let (right, wrong) = (own.ca_file().display(), stranger.ca_file().display());
    for (url, says) in [
        (format!("rediss://{at}?ca_file={wrong}"), "certificate"),
        // The authorities of the system don't know it either.
        (format!("rediss://{at}"), "certificate"),
        (format!("rediss://{at}?ca_file={right}.gone"), "No such file"),
        (format!("redis://{at}"), "127.0.0.1"),
    ] {
        let address: cache::Address = url.parse().unwrap();
        let error = RedisCache::look(&address).await.unwrap_err().to_string();
        assert!(error.contains(says), "{url}: {error}");
        // The platform goes on without it.
        let cache = RedisCache::new(address);
        answers_at_once(&cache).await;
    }
    let url = format!("rediss://{at}?ca_file={right}");
    RedisCache::look(&url.parse().unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_sentinels_every_connection_is_encrypted_also_after_a_failover() {
    let ((own, _folder), (stranger, _elsewhere)) = (authority(), authority());
    let mut servers = RedisSentinel::start_encrypted(PASSWORD, &own).await.unwrap();
    let ports = servers.sentinel_ports();
    let sentinels: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let at = format!("{}/{}", sentinels.join(","), servers.master_name());
    let url = |authority: &TestCa| {
        let ca_file = authority.ca_file().display();
        format!("rediss+sentinel://:{ESCAPED}@{at}?db=2&ca_file={ca_file}")
    };
    let wrong = url(&stranger).parse().unwrap();
    let error = RedisCache::look(&wrong).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");

    let cache = RedisCache::new(url(&own).parse().unwrap());
    until_kept(&cache, PATIENCE).await;
    let killed = servers.kill_master().await.unwrap();
    until_away(&cache).await;
    let back = until_kept(&cache, PATIENCE).await;
    println!("killed {killed}, back over TLS after {back:?}");
    assert_ne!(servers.master().await, Some(killed));
}
