//! Kafka's jars: fetched by Maven once a machine, kept in the user's cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::release::Release;
use crate::{ServersError, at, cache};

/// About 45 MB arrive in seconds; a line that needs longer than this is as good as none.
const LIMIT: Duration = Duration::from_mins(10);
const PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
const REMEDY: &str = "type: apt-get install maven";

/// The folder that has all jars of this release and nothing else.
///
/// It is made under a lock and gets its name when it is complete: of several processes one fetches, and none takes a
/// half for the whole.
pub(crate) async fn folder(release: &Release) -> Result<PathBuf, ServersError> {
    let cache = cache::folder("kafka")?;
    let jars = cache.join(release.version);
    if jars.is_dir() {
        return Ok(jars);
    }
    let _only_one = cache::lock(&cache.join(format!("{}.lock", release.version))).await?;
    if jars.is_dir() {
        return Ok(jars);
    }
    let unfinished = cache.join(format!("{}.unfinished", release.version));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(at(&unfinished))?;
    }
    fetch(release, &unfinished).await?;
    fs::rename(unfinished.join("jars"), &jars).map_err(at(&jars))?;
    fs::remove_dir_all(&unfinished).map_err(at(&unfinished))?;
    Ok(jars)
}

async fn fetch(release: &Release, work: &Path) -> Result<(), ServersError> {
    fs::create_dir(work).map_err(at(work))?;
    let pom = work.join("pom.xml");
    fs::write(&pom, project(release)).map_err(at(&pom))?;
    let mut maven = Command::new("mvn");
    maven
        .args(["--quiet", "--batch-mode", "--strict-checksums", "--file"])
        .arg(&pom)
        .args([PLUGIN, "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", work.join("jars").display()))
        .kill_on_drop(true);
    let name = format!("fetching Kafka {} with Maven", release.version);
    let output = timeout(LIMIT, maven.output())
        .await
        .map_err(|_| ServersError::Late {
            name: name.clone(),
            limit: LIMIT,
            log: String::new(),
        })?
        .map_err(|source| ServersError::Start {
            program: "mvn".into(),
            remedy: REMEDY,
            source,
        })?;
    if output.status.success() {
        return Ok(());
    }
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(ServersError::Failed { name, output: said })
}

/// A project that has nothing of its own and depends on the broker.
fn project(release: &Release) -> String {
    let version = release.version;
    let broker = dependency(["org.apache.kafka", "kafka_2.13", version]);
    let logger = dependency(release.logger);
    format!(
        "<project>\n<modelVersion>4.0.0</modelVersion>\n<groupId>jeongsan</groupId>\n<artifactId>kafka</artifactId>\n\
         <version>{version}</version>\n<packaging>pom</packaging>\n<dependencies>\n{broker}{logger}</dependencies>\n\
         </project>\n"
    )
}

fn dependency([group, artifact, version]: [&str; 3]) -> String {
    format!(
        "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>\
         </dependency>\n"
    )
}
