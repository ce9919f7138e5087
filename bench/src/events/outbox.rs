//! An outbox full of payments.

use anyhow::Result;
use bus::Outbox;
use chassis::{Clock as _, SystemClock};
use contracts::events::{Origin, PaidLine, PaidTender, PaymentCompleted, TenderKind};
use ids::{PartnerId, PaymentId, TenderId};
use money::Currency;

/// Events that are published in one transaction.
const BATCH: usize = 1_000;
/// How many partners there are.
const PARTNERS: usize = 20;

/// Publishes that many payments of two lines, each an aggregate of its own, and settles what the server put off.
pub async fn fill(outbox: &Outbox, events: usize) -> Result<()> {
    let partners: Vec<PartnerId> = (0..PARTNERS).map(|_| PartnerId::generate()).collect();
    let pairs = partners.iter().zip(partners.iter().cycle().skip(1)).cycle();
    let mut pairs = pairs.take(events).enumerate();
    loop {
        let mut work = outbox.begin().await?;
        let mut published = 0;
        for (number, (first, second)) in pairs.by_ref().take(BATCH) {
            work.publish(&payment(number, *first, *second), SystemClock.now())?;
            published += 1;
        }
        work.commit().await?;
        if published < BATCH {
            break;
        }
    }
    // Plans go by statistics that a running server has, and autovacuum is not to begin in the middle.
    for statement in ["vacuum analyze bus.outbox", "checkpoint"] {
        sqlx::query(statement).execute(outbox.db().pool()).await?;
    }
    Ok(())
}

fn payment(number: usize, first: PartnerId, second: PartnerId) -> PaymentCompleted {
    let line = |line_number, partner_id, category: &str, price, quantity, shipping| PaidLine {
        line_number,
        partner_id,
        category: category.to_owned(),
        unit_price_minor: price,
        quantity,
        shipping_minor: shipping,
        tax_free_minor: 0,
        discounts: Vec::new(),
    };
    PaymentCompleted {
        payment_id: PaymentId::generate(),
        order_reference: format!("order-{number:014}"),
        sold_at: SystemClock.now(),
        origin: Origin::External,
        currency: Currency::KRW,
        tenders: vec![PaidTender {
            tender_id: TenderId::generate(),
            kind: TenderKind::BankTransfer,
            captured_minor: 57_000,
        }],
        lines: vec![
            line(1, first, "books", 12_000, 2, 0),
            line(2, second, "toys", 30_000, 1, 3_000),
        ],
    }
}
