//! Two versions of the services at once, as while an installation is brought up to date: the last release, and this one.
//!
//! `e2e/releases/run` builds the program of the release from its commit and names it in `JEONGSAN_RELEASE_BIN`. Without
//! that the test says so and checks nothing.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::{
    Api, Mode, Platform, Stage, binary, contract_terms, eventually, external_payment, partner_with_contract,
    platform_payment, within,
};
use serde_json::Value;

/// Payments through each gateway in each part.
const PAYMENTS: i64 = 40;
/// Services with events, each with the distance of its newer copy's port from the gateway's.
const NEWER: &[(&str, u16)] = &[
    ("user", 11),
    ("partner", 12),
    ("payment", 13),
    ("settlement", 14),
    ("accounting", 15),
    ("notification", 16),
    ("reporting", 17),
];
const NEWER_GATEWAY: u16 = 18;
/// Those that read what payments tell.
const READERS: &[&str] = &["settlement", "accounting"];

/// The program of the release; none where nobody built it.
fn release() -> Option<PathBuf> {
    let path = std::env::var_os("JEONGSAN_RELEASE_BIN").map(PathBuf::from);
    if path.is_none() {
        println!("skipped: JEONGSAN_RELEASE_BIN names no program of a release; type: e2e/releases/run");
    }
    path
}

/// Payments by the hand of that gateway, half of them through the network.
async fn pay(api: &Api, partner: &str, name: &str) -> Result<()> {
    for n in 0..PAYMENTS {
        let order = format!("{name}-{n}");
        let body = if n % 2 == 0 {
            external_payment(&order, partner, 1_000 + n, 1_000 + n, "2026-10-02T03:00:00Z")
        } else {
            platform_payment(&order, partner, 1_000 + n, "tok_ok")
        };
        api.post("/v1/payments", &order, &body)
            .await?
            .ok()
            .with_context(|| order)?;
    }
    Ok(())
}

/// Waits until everything has been handled, and everything agrees.
async fn settled(platform: &Platform, when: &str) -> Result<()> {
    within(Duration::from_mins(2), when, || async {
        let (code, text) = platform.run(&["verify", "--json"]).await?;
        let report: Value = serde_json::from_str(&text).with_context(|| text.clone())?;
        ensure!(code == 0, "verify found breaks {when}: {text}");
        let in_flight = report.get("in_flight").and_then(Value::as_i64);
        Ok((in_flight == Some(0)).then_some(()))
    })
    .await
}

async fn ready(probe: &Api, name: &str) -> Result<()> {
    eventually(&format!("{name} to be ready"), || async {
        probe.get("/readyz").await.map(Some)
    })
    .await
    .map(drop)
}

/// A copy of this version, which reads the logs of the others of this version: those of the older one may be stopped.
async fn launch_newer(platform: &mut Platform, service: &str, port: u16) -> Result<()> {
    let base = platform.base_port();
    let mut settings = vec![(format!("{service}.port"), (base + port).to_string())];
    for (peer, port) in NEWER {
        settings.push((format!("{peer}.url"), format!("http://127.0.0.1:{}", base + port)));
    }
    let settings: Vec<_> = settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    platform.launch_with(&format!("{service}-newer"), &["serve", service], &settings)?;
    ready(&platform.direct(port), service).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_versions_share_the_work_and_read_each_other_s_events() -> Result<()> {
    let Some(release) = release() else {
        return Ok(());
    };
    let older = Stage {
        binary: release,
        mode: Mode::Split,
        settings: Vec::new(),
    };
    let mut platform = Platform::start_on(older).await?;
    let api = platform.api()?;
    let partner = partner_with_contract(&api, "versions", &contract_terms(100_000)).await?;
    pay(&api, &partner, "alone").await?;

    // The newer copies come: they bring the databases further, under the older ones.
    platform.use_binary(binary()?);
    for (service, port) in NEWER {
        launch_newer(&mut platform, service, *port).await?;
    }
    launch_newer(&mut platform, "gateway", NEWER_GATEWAY).await?;
    let base = platform.base_port();
    let newer = Api::new(format!("http://127.0.0.1:{}", base + NEWER_GATEWAY), api.key());
    let (one, two) = tokio::join!(
        pay(&api, &partner, "both-older"),
        pay(&newer, &partner, "both-newer")
    );
    one.and(two)?;
    settled(&platform, "while both versions run").await?;

    // What the newer version tells is read by the older one alone.
    for reader in READERS {
        platform.stop(&format!("{reader}-newer")).await?;
    }
    pay(&newer, &partner, "newer-to-older").await?;
    settled(&platform, "when the older version reads the newer one's events").await?;

    // And the other way round.
    for reader in READERS {
        let port = NEWER
            .iter()
            .find(|(name, _)| name == reader)
            .map_or(0, |(_, port)| *port);
        launch_newer(&mut platform, reader, port).await?;
        platform.stop(reader).await?;
    }
    pay(&api, &partner, "older-to-newer").await?;
    settled(&platform, "when the newer version reads the older one's events").await?;

    let made = api.list("/v1/payments?status=completed").await?.len();
    ensure!(
        i64::try_from(made) == Ok(5 * PAYMENTS),
        "{made} payments are there of {}",
        5 * PAYMENTS
    );
    Ok(())
}
