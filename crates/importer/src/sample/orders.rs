//! The sample's orders.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::catalogue::{ANYTHING, CATEGORIES, PARTNERS};
use super::draw::Draw;

pub(crate) struct SampleOrder {
    pub(crate) reference: String,
    /// Local time of Asia/Seoul.
    pub(crate) sold_at: NaiveDateTime,
    pub(crate) lines: Vec<SampleLine>,
    pub(crate) payments: Vec<SamplePayment>,
}

pub(crate) struct SampleLine {
    /// Which shop, from 1.
    pub(crate) partner: u64,
    pub(crate) category: &'static str,
    /// KRW.
    pub(crate) price: u64,
    /// KRW.
    pub(crate) freight: u64,
}

pub(crate) struct SamplePayment {
    pub(crate) method: &'static str,
    pub(crate) instalments: u64,
    /// KRW.
    pub(crate) amount: u64,
}

/// How many of that many orders are paid over or short.
pub(crate) fn breaks(orders: u32) -> u32 {
    (orders / 200).max(2).min(orders)
}

/// The orders of `from` up to, not including, `until`, in the order of their sale.
pub(crate) fn make(
    draw: &mut Draw,
    seed: u64,
    orders: u32,
    from: NaiveDate,
    until: NaiveDate,
) -> Vec<SampleOrder> {
    let mut times: Vec<NaiveDateTime> = (0..orders).map(|_| time(draw, from, until)).collect();
    times.sort_unstable();
    // Spread evenly: the last of every run of this many is a break, over and short in turn.
    let run = orders / breaks(orders).max(1);
    (1..=orders)
        .zip(times)
        .map(|(number, sold_at)| {
            let lines = lines(draw);
            let owed = lines.iter().map(|line| line.price + line.freight).sum();
            let nth = number.checked_div(run).unwrap_or(0);
            let is_break = number.is_multiple_of(run) && nth <= breaks(orders);
            let paid = if is_break { off(draw, owed, nth) } else { owed };
            SampleOrder {
                reference: format!("S{seed}-{number:06}"),
                sold_at,
                lines,
                payments: payments(draw, paid),
            }
        })
        .collect()
}

/// Any second of the days; twice as often in the afternoon and evening as before noon.
fn time(draw: &mut Draw, from: NaiveDate, until: NaiveDate) -> NaiveDateTime {
    const DAY: u64 = 86_400;
    let days = u64::try_from((until - from).num_days()).unwrap_or(0);
    let day = draw.below(days);
    let half = if draw.happens(67) { DAY / 2 } else { 0 };
    let seconds = day * DAY + half + draw.below(DAY / 2);
    let seconds = i64::try_from(seconds).unwrap_or(0);
    from.and_time(NaiveTime::MIN) + TimeDelta::seconds(seconds)
}

/// One to three things, mostly of one shop; a shop's first thing bears the shipping.
fn lines(draw: &mut Draw) -> Vec<SampleLine> {
    let count = match draw.below(100) {
        0..72 => 1,
        72..92 => 2,
        _ => 3,
    };
    let mut lines: Vec<SampleLine> = Vec::with_capacity(3);
    for _ in 0..count {
        let partner = match lines.last() {
            Some(line) if !draw.happens(35) => line.partner,
            // The lesser of two: some shops sell far more than others.
            _ => 1 + draw.below(PARTNERS).min(draw.below(PARTNERS)),
        };
        let category = draw.one_of(CATEGORIES, ANYTHING);
        let steps = draw.below(category.steps).min(draw.below(category.steps));
        let shipped = lines.iter().any(|line| line.partner == partner);
        lines.push(SampleLine {
            partner,
            category: category.name,
            price: category.from + steps * 100,
            freight: if shipped {
                0
            } else {
                draw.one_of(&[0, 2_500, 3_000, 3_500], 0)
            },
        });
    }
    lines
}

/// What is paid for a break: a round sum over for odd ones, short for even ones.
fn off(draw: &mut Draw, owed: u64, nth: u32) -> u64 {
    let by = draw.one_of(&[100, 300, 500, 1_000], 100);
    if nth % 2 == 1 { owed + by } else { owed - by }
}

/// One means of paying; for one order in eight, a voucher or points pay a part.
fn payments(draw: &mut Draw, amount: u64) -> Vec<SamplePayment> {
    let (method, instalments) = match draw.below(100) {
        0..62 => (
            "credit_card",
            if amount >= 50_000 {
                draw.one_of(&[1, 1, 2, 3, 6], 1)
            } else {
                1
            },
        ),
        62..78 => ("debit_card", 1),
        _ => ("bank_transfer", 1),
    };
    let part = if draw.happens(12) {
        (amount / 5 / 100) * 100
    } else {
        0
    };
    let mut payments = vec![SamplePayment {
        method,
        instalments,
        amount: amount - part,
    }];
    if part > 0 {
        payments.push(SamplePayment {
            method: draw.one_of(&["voucher", "points"], "voucher"),
            instalments: 1,
            amount: part,
        });
    }
    payments
}
