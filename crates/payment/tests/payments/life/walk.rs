//! Every command in every status: what is allowed is done, what is not is refused and changes nothing.

use ids::PartnerId;
use serde_json::{Value, json};
use testkit::{Answer, Platform};

use crate::asking::{
    ask, eventually, executed, kept, last_operation, made, minor, more, operations, order, read,
};
use crate::gate::{self, Gate, Hold};
use crate::life::asynchronous::nothing_is_heard;
use crate::sound::assert_sound;
use crate::support::{id, partner_service, post_with, shop, until};

/// By hand, and not from the table that it checks. x: done. A dot: refused, 409. -: the status allows it, and there is
/// nothing left that it could be about, 422. A row is a status; behind a slash stands what it was brought about by.
const GRID: &str = "
    .                         capture void refund increment cancel resolve
    requested                 .       .    .      .         x      .
    requires_action           .       .    .      .         x      .
    processing                .       .    .      .         .      x
    authorized                x       x    .      x         .      .
    authorized/declined       x       x    .      x         .      .
    partially_captured        x       x    x      x         .      .
    completed                 .       .    x      .         .      .
    completed/rest-let-go     .       .    x      .         .      .
    partially_refunded        -       -    x      .         .      .
    partially_refunded/held   x       x    x      .         .      .
    refunded                  -       -    .      .         .      .
    refunded/held             x       x    .      .         .      .
    failed                    .       .    .      .         .      .
    expired                   .       .    .      .         .      .
    expired/buyer             .       .    .      .         .      .
    canceled                  .       .    .      .         .      .
    voided                    .       .    .      .         .      .
";

/// Payments of one platform.
struct Town {
    platform: Platform,
    shop: PartnerId,
    made: std::sync::atomic::AtomicU32,
}

impl Town {
    fn order(&self, token: &str) -> Value {
        let number = self.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        order(
            &format!("order-{number}"),
            self.shop,
            &[7_000, 3_000],
            &[("card", 10_000, token)],
        )
    }

    async fn posted(&self, body: &Value) -> String {
        id(&self
            .platform
            .post("payment", "/v1/payments", body)
            .await
            .expect(201))
    }

    /// A held payment on which these were done.
    async fn held(&self, token: &str, steps: &[(&str, Value)]) -> String {
        let payment = made(&self.platform, &kept(self.order(token)), "authorized").await;
        for (command, body) in steps {
            let answer = ask(&self.platform, &payment, command, body.clone()).await;
            assert!(answer.status.is_success(), "{command}: {}", answer.body);
        }
        payment
    }

    /// A payment in the status of that row.
    async fn bring(&self, row: &str) -> String {
        let (all, some) = (json!({}), minor(4_000));
        let payment = match row {
            "requested" => {
                let headers = [
                    ("idempotency-key", &*self.order("")["order_reference"].to_string()),
                    ("prefer", "respond-async"),
                ];
                let body = self.order("tok_ok");
                id(&post_with(&self.platform, "/v1/payments", &headers, &body)
                    .await
                    .expect(202))
            }
            "requires_action" | "expired/buyer" => self.posted(&self.order("tok_3ds")).await,
            "expired" => self.posted(&kept(self.order("tok_expires"))).await,
            "processing" => {
                Gate::of(&self.platform).hold("capture", None, Hold::Lost);
                self.held("tok_ok", &[("capture", all)]).await
            }
            "authorized" => self.held("tok_ok", &[]).await,
            "authorized/declined" => self.held("tok_void_declined_once", &[("void", all)]).await,
            "partially_captured" => self.held("tok_ok", &[("capture", some)]).await,
            "completed" => made(&self.platform, &self.order("tok_ok"), "completed").await,
            "completed/rest-let-go" => self.held("tok_ok", &[("capture", some), ("void", all)]).await,
            "partially_refunded" => self.held("tok_ok", &[("capture", all), ("refund", some)]).await,
            "partially_refunded/held" => {
                self.held("tok_ok", &[("capture", some), ("refund", minor(1))])
                    .await
            }
            "refunded" => {
                self.held("tok_ok", &[("capture", all.clone()), ("refund", all)])
                    .await
            }
            "refunded/held" => self.held("tok_ok", &[("capture", some), ("refund", all)]).await,
            "failed" => made(&self.platform, &self.order("tok_declined"), "failed").await,
            "canceled" => {
                let payment = self.posted(&self.order("tok_3ds")).await;
                ask(&self.platform, &payment, "cancel", all).await.expect(200);
                payment
            }
            "voided" => self.held("tok_ok", &[("void", all)]).await,
            row => unreachable!("{row}"),
        };
        let (status, _) = row.split_once('/').unwrap_or((row, ""));
        until(&self.platform, &payment, status).await;
        payment
    }

    async fn command(&self, payment: &str, command: &str) -> Answer {
        let platform = &self.platform;
        match command {
            "capture" | "refund" => ask(platform, payment, command, minor(1)).await,
            "increment" => ask(platform, payment, command, more(self.shop, 100, None)).await,
            "resolve" => {
                let operation = last_operation(platform, payment).await;
                let path = format!("/v1/payments/{payment}/operations/{operation}/resolve");
                let body = json!({"outcome": "failed", "reason": "the network says so by telephone"});
                eventually("it is not being asked", async || {
                    let answer = platform.post("payment", &path, &body).await;
                    (answer.body["code"] != "request_in_progress").then_some(answer)
                })
                .await
            }
            command => ask(platform, payment, command, json!({})).await,
        }
    }

    /// Everything that a refused command might have changed.
    async fn seen(&self, payment: &str) -> impl PartialEq + std::fmt::Debug {
        let id: ids::PaymentId = payment.parse().unwrap();
        let changes: i64 = sqlx::query_scalar("select count(*) from changes where payment_id = $1")
            .bind(id.as_uuid())
            .fetch_one(self.platform.database("payment").db().pool())
            .await
            .unwrap();
        (
            read(&self.platform, payment).await,
            operations(&self.platform, payment).await,
            changes,
            executed(&self.platform, payment).await,
        )
    }
}

async fn town(settings: &[(&str, &str)]) -> Town {
    let mut platform = Platform::of(&[partner_service(), gate::network(), payment::service()]);
    for (name, value) in settings {
        platform = platform.setting(name, value);
    }
    Town {
        platform: platform.start().await,
        shop: shop(),
        made: 0.into(),
    }
}

fn rows() -> impl Iterator<Item = (&'static str, Vec<(&'static str, &'static str)>)> {
    let mut rows = GRID
        .lines()
        .map(str::split_whitespace)
        .filter_map(|mut row| Some((row.next()?, row)));
    let (_, commands) = rows.next().unwrap();
    rows.map(move |(name, cells)| (name, commands.clone().zip(cells).collect()))
}

#[test]
fn the_grid_has_every_status_and_every_command() {
    let mut statuses: Vec<_> = rows().map(|(name, _)| name.split('/').next().unwrap()).collect();
    statuses.dedup();
    assert_eq!(statuses.len(), 12);
    assert!(rows().all(|(_, cells)| cells.len() == 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_done_or_refused_as_the_grid_says() {
    let usual = town(&[]).await;
    // Where buyers and authorizations have no time.
    let hasty = town(&[("simulator.late_ms", "1"), ("simulator.action_ms", "1")]).await;
    for (row, cells) in rows() {
        let town = if row.starts_with("expired") {
            &hasty
        } else {
            &usual
        };
        let hearing = match row {
            "requested" => Some(nothing_is_heard(&town.platform).await),
            _ => None,
        };
        let refused = town.bring(row).await;
        let before = town.seen(&refused).await;
        for (command, cell) in cells {
            let (payment, status, code) = match cell {
                "x" => (&town.bring(row).await, 200, ""),
                "." => (&refused, 409, "conflict"),
                "-" => (&refused, 422, "amount_beyond_what_is_left"),
                cell => unreachable!("{cell}"),
            };
            let answer = town.command(payment, command).await;
            assert_eq!(
                answer.status.as_u16(),
                status,
                "{command} of {row}: {}",
                answer.body
            );
            if cell == "x" {
                continue;
            }
            assert_eq!(answer.body["code"], code, "{command} of {row}: {}", answer.body);
            assert_eq!(town.seen(&refused).await, before, "{command} of {row}");
        }
        drop(hearing);
    }
    Gate::of(&usual.platform).open();
    for town in [usual, hasty] {
        end(&town).await;
        assert_sound(&town.platform).await;
        town.platform.stop().await;
    }
}

/// Gives up what still waits for its buyer.
async fn end(town: &Town) {
    let list = town
        .platform
        .get("payment", "/v1/payments?status=requires_action&limit=100")
        .await;
    for payment in list.expect(200)["data"].as_array().unwrap() {
        ask(&town.platform, &id(payment), "cancel", json!({}))
            .await
            .expect(200);
    }
}
