//! A server that takes TLS alone: who is let in, and whom we speak to.
#![allow(clippy::unwrap_used, reason = "a test reports a fault by panicking")]

use std::time::Duration;

use postgres::{
    Address, DatabaseSpec, Db, DbOptions, PostgresError, Provision, READER_ROLE, RolePasswords, Timeouts,
    provision,
};
use servers::{EncryptedPostgres, TestCa};

const OURS: DatabaseSpec = DatabaseSpec {
    name: "ours",
    role: "ours",
};
const PASSWORD: &str = "abc1";

async fn connect(url: &str) -> Result<Db, PostgresError> {
    let mut options = DbOptions::new(url, "test");
    options.timeouts = Timeouts::within(Duration::from_secs(6));
    Db::connect(&options).await
}

async fn is_encrypted(db: &Db) -> bool {
    let question = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    sqlx::query_scalar(question).fetch_one(db.pool()).await.unwrap()
}

#[tokio::test]
async fn only_a_server_with_a_certificate_of_the_named_authority_is_spoken_to() {
    let server = EncryptedPostgres::start().await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger = TestCa::create(elsewhere.path()).unwrap();
    let (own, other) = (server.ca_file().display(), stranger.ca_file().display());
    // The certificate is for the first two of these.
    let (one, name, foreign) = ("127.0.0.1", "localhost", "127.0.0.2");
    for (hosts, how) in [
        (vec![one], format!("sslmode=verify-full&sslrootcert={own}")),
        (vec![name], format!("sslmode=verify-full&sslrootcert={own}")),
        (vec![name, one], format!("sslmode=verify-full&sslrootcert={own}")),
        (vec![foreign], format!("sslmode=verify-ca&sslrootcert={own}")),
        (vec![foreign], "sslmode=require".to_owned()),
    ] {
        let db = connect(&format!("{}?{how}", server.bare_url(&hosts))).await;
        assert!(is_encrypted(&db.unwrap()).await, "{hosts:?} {how}");
    }
    for (hosts, how, says) in [
        (
            vec![one],
            format!("sslmode=verify-full&sslrootcert={other}"),
            "certificate",
        ),
        (
            vec![one],
            format!("sslmode=verify-ca&sslrootcert={other}"),
            "certificate",
        ),
        (
            vec![one, name],
            format!("sslmode=verify-full&sslrootcert={other}"),
            "certificate",
        ),
        (
            vec![foreign],
            format!("sslmode=verify-full&sslrootcert={own}"),
            "certificate",
        ),
        (vec![one], "sslmode=verify-full".to_owned(), "certificate"),
        (
            vec![one],
            format!("sslmode=verify-full&sslrootcert={own}.gone"),
            "No such file",
        ),
        (vec![one], "sslmode=disable".to_owned(), "no encryption"),
    ] {
        let refused = connect(&format!("{}?{how}", server.bare_url(&hosts))).await;
        let error = refused.map(drop).unwrap_err().to_string();
        assert!(error.contains(says), "{hosts:?} {how}: {error}");
    }
}

#[tokio::test]
async fn what_is_provisioned_is_reached_as_the_administrator_said() {
    let server = EncryptedPostgres::start().await.unwrap();
    let ca = server.ca_file().display();
    let hosts = server.bare_url(&["localhost", "127.0.0.1"]);
    let admin_url = format!("{hosts}?sslmode=verify-full&sslrootcert={ca}");
    let passwords =
        RolePasswords::from([OURS.role, READER_ROLE].map(|role| (role.to_owned(), PASSWORD.to_owned())));
    let wanted = Provision {
        admin_url: &admin_url,
        databases: &[OURS],
        passwords: &passwords,
    };
    provision(&wanted).await.unwrap();
    let address = Address::parse(&admin_url).unwrap();
    let url = address.of(OURS.name, OURS.role, PASSWORD);
    let db = connect(&url).await.unwrap();
    assert!(is_encrypted(&db).await);
    let wrong = connect(&address.of(OURS.name, OURS.role, "abc2")).await;
    let error = wrong.map(drop).unwrap_err().to_string();
    assert!(error.contains("password"), "{error}");
}
