//! The two releases of Kafka that run here, and what differs between them outside their settings.

/// One release.
#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) version: &'static str,
    /// Maven's group, artefact and version of what it logs through. Kafka asks for none, and is silent without.
    pub(crate) logger: [&'static str; 3],
    /// The file that configures the logger; its ending decides how it is read.
    pub(crate) logging_file: &'static str,
    pub(crate) logging: &'static str,
    /// The system property that names the file to the logger, up to the path.
    pub(crate) logging_property: &'static str,
}

/// The last line that still runs with ZooKeeper.
pub(crate) const WITH_ZOOKEEPER: Release = Release {
    version: "3.9.2",
    logger: ["org.slf4j", "slf4j-reload4j", "1.7.36"],
    logging_file: "log4j.properties",
    logging: "log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
",
    logging_property: "-Dlog4j.configuration=file:",
};

/// The line that keeps its metadata in Kafka itself.
pub(crate) const KRAFT: Release = Release {
    version: "4.4.0",
    logger: ["org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.5"],
    logging_file: "log4j2.properties",
    logging: "rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1}: %m%n
",
    logging_property: "-Dlog4j2.configurationFile=",
};
