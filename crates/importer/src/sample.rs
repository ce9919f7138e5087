//! A small marketplace's orders, made up: the same seed makes the same files.

mod catalogue;
mod draw;
mod orders;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{Months, NaiveDate};

use catalogue::{CITIES, PARTNERS};
use draw::Draw;
use orders::SampleOrder;

/// The most orders of one sample.
pub const MOST_ORDERS: u32 = 1_000_000;

/// Why a sample could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No orders, or too many.
    #[error("a sample has 1 to {MOST_ORDERS} orders")]
    Orders,
    /// Three months before that day there is no calendar.
    #[error("{until} is no day that three months come before")]
    Until {
        /// The day.
        until: NaiveDate,
    },
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// `seller_id,city,state`.
    pub partners: PathBuf,
    /// `order_id,line,seller_id,category,sold_at,price,freight`; KRW, times of Asia/Seoul.
    pub orders: PathBuf,
    /// `order_id,sequence,method,instalments,amount`.
    pub payments: PathBuf,
    /// How many orders.
    pub order_count: u32,
    /// How many of them are paid more or less than they owe, on purpose.
    pub break_count: u32,
}

/// Writes `partners.csv`, `orders.csv` and `payments.csv` into `dir`, which is made if need be: 40 partners and
/// `orders` orders of the three months before `until`, in KRW. One order in two hundred, and two at least if there
/// are that many, is paid a little over or short.
pub fn write(dir: &Path, seed: u64, orders: u32, until: NaiveDate) -> Result<Sample, SampleError> {
    if orders == 0 || orders > MOST_ORDERS {
        return Err(SampleError::Orders);
    }
    let from = until
        .checked_sub_months(Months::new(3))
        .ok_or(SampleError::Until { until })?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SampleError::Write { path, source }
    };
    std::fs::create_dir_all(dir).map_err(failed(dir))?;
    let sample = Sample {
        partners: dir.join("partners.csv"),
        orders: dir.join("orders.csv"),
        payments: dir.join("payments.csv"),
        order_count: orders,
        break_count: orders::breaks(orders),
    };
    let mut draw = Draw::new(seed);
    write_partners(&sample.partners, &mut draw).map_err(failed(&sample.partners))?;
    let made = orders::make(&mut draw, seed, orders, from, until);
    write_orders(&sample.orders, &made).map_err(failed(&sample.orders))?;
    write_payments(&sample.payments, &made).map_err(failed(&sample.payments))?;
    Ok(sample)
}

/// How the sample names a partner.
fn partner_reference(number: u64) -> String {
    format!("shop-{number:03}")
}

fn write_partners(path: &Path, draw: &mut Draw) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "seller_id,city,state")?;
    for number in 1..=PARTNERS {
        let (city, province) = draw.one_of(CITIES, ("Seoul", "Seoul"));
        writeln!(out, "{},{city},{province}", partner_reference(number))?;
    }
    out.flush()
}

fn write_orders(path: &Path, orders: &[SampleOrder]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "order_id,line,seller_id,category,sold_at,price,freight")?;
    for order in orders {
        let (reference, sold_at) = (&order.reference, order.sold_at.format("%Y-%m-%d %H:%M:%S"));
        for (number, line) in (1..).zip(&order.lines) {
            let (seller, category) = (partner_reference(line.partner), line.category);
            writeln!(
                out,
                "{reference},{number},{seller},{category},{sold_at},{},{}",
                line.price, line.freight
            )?;
        }
    }
    out.flush()
}

fn write_payments(path: &Path, orders: &[SampleOrder]) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "order_id,sequence,method,instalments,amount")?;
    for order in orders {
        for (sequence, payment) in (1..).zip(&order.payments) {
            let (method, instalments) = (payment.method, payment.instalments);
            writeln!(
                out,
                "{},{sequence},{method},{instalments},{}",
                order.reference, payment.amount
            )?;
        }
    }
    out.flush()
}
