//! One payment, end to end: the same scenarios against one process and against one process a service.

#![allow(
    clippy::too_many_lines,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a scenario reports a fault by panicking"
)]

mod bad_input;
mod books;
mod doing_it_once;
mod outcomes;
mod production;
mod settling;

use e2e::{Mode, Platform};

/// Every scenario on one platform, which is verified at the end. Between the halves one service is killed and
/// started again.
async fn everything(mode: Mode, settings: &[(&str, &str)]) -> anyhow::Result<Platform> {
    let mut platform = Platform::start_with(mode, settings).await?;
    let api = platform.api()?;
    outcomes::every_test_token_has_its_outcome(&platform, &api).await?;
    outcomes::a_manual_capture_takes_the_money_later(&api).await?;
    outcomes::an_asynchronous_payment_is_made_later(&api).await?;
    outcomes::a_failed_payment_makes_a_notification(&api).await?;

    match mode {
        Mode::One => {
            platform.kill("up")?;
        }
        Mode::Split | Mode::Parts(_) => {
            platform.kill("settlement")?;
            // The others go on meanwhile, and settlement catches up.
            outcomes::a_payment_is_accepted(&api, "while-settlement-is-down").await?;
        }
    }
    platform.start_all().await?;

    doing_it_once::a_repeat_gets_the_first_answer(&api).await?;
    doing_it_once::another_body_under_the_same_key_is_refused(&api).await?;
    doing_it_once::an_order_reference_belongs_to_one_payment(&api).await?;
    bad_input::what_is_wrong_is_named_and_nothing_is_done(&api).await?;
    bad_input::a_batch_answers_each_item_by_itself(&api).await?;
    settling::a_sale_becomes_a_statement_with_the_expected_figures(&api).await?;
    settling::a_line_without_a_contract_waits_and_is_priced_later(&api).await?;
    books::what_differs_from_its_lines_is_a_break(&api).await?;
    books::the_books_balance_and_the_reports_follow(&api).await?;
    platform.verify().await?;
    Ok(platform)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_line_works_with_a_process_a_service() -> anyhow::Result<()> {
    everything(Mode::Split, &[]).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_line_works_on_kafka_redis_sentinel_and_postgresql_with_replicas() -> anyhow::Result<()> {
    let servers = production::Servers::start().await?;
    let settings = servers.settings("deploy/production-kraft.toml");
    let settings: Vec<_> = settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let platform = everything(Mode::Split, &settings).await?;
    production::was_used(&platform).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_line_works_in_one_process_on_the_settings_of_development() -> anyhow::Result<()> {
    let path = production::file("deploy/development.toml");
    everything(Mode::One, &[("config", &path)]).await.map(drop)
}
