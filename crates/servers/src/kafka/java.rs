//! How a Java program is started so that many of them fit on one small machine.

use std::path::Path;
use std::process::Command;

use super::release::Release;

/// What to type where Java is missing.
pub(crate) const REMEDY: &str = "type: apt-get install default-jre-headless (17 or later)";

/// One compiler, one collector, small stacks and caches, and no file that others read.
const FLAGS: [&str; 7] = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:ReservedCodeCacheSize=64m",
    "-XX:MaxMetaspaceSize=128m",
    "-XX:-UsePerfData",
    "-Xss512k",
    "-Djava.awt.headless=true",
];

/// Java with all jars of a release, to run the class `main` with a heap of at most `heap_mib`.
///
/// `home` has the logger's configuration and gets the native libraries that jars unpack, which a killed JVM leaves.
pub(crate) fn java(release: &Release, jars: &Path, home: &Path, heap_mib: u16, main: &str) -> Command {
    let logging = home.join(release.logging_file);
    let mut command = Command::new("java");
    command
        .args(FLAGS)
        .arg(format!("-Xmx{heap_mib}m"))
        .arg(format!("-Djava.io.tmpdir={}", home.display()))
        .arg(format!("{}{}", release.logging_property, logging.display()))
        .arg("-cp")
        .arg(jars.join("*"))
        .arg(main)
        .current_dir(home);
    command
}
