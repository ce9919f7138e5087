//! A secured broker lets in who trusts its authority and knows the password.

use servers::{Kafka, TestCa};

use crate::client::{Client, Login, Refused};

const USER: &str = "jeongsan";
const PASSWORD: &str = "correctHorse7";

#[tokio::test]
async fn only_who_trusts_the_authority_and_knows_the_password_gets_in() {
    let kafka = Kafka::start_secured(USER, PASSWORD).await.unwrap();
    let authority = kafka.ca_file().unwrap();
    let address = kafka.bootstrap();

    for mechanism in ["PLAIN", "SCRAM-SHA-512"] {
        for (user, password, outcome) in [
            (USER, PASSWORD, Ok(())),
            (USER, "wrong", Err(Refused)),
            ("nobody", PASSWORD, Err(Refused)),
        ] {
            let mut client = Client::connect(&address, authority).await.unwrap();
            let login = Login { user, password };
            let answer = client.log_in(mechanism, &login).await;
            assert_eq!(answer, outcome, "{mechanism} {user} {password}");
            if outcome.is_ok() {
                // Whoever is in is told to come by the same door again.
                assert!(client.is_told_of(&address).await, "{mechanism}");
            }
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let other = TestCa::create(folder.path()).unwrap();
    assert!(Client::connect(&address, other.ca_file()).await.is_err());
}
