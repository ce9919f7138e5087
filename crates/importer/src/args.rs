//! The flags of the command.

use std::path::PathBuf;

use calendar::{Cycle, PayoutTerm, TimeZone, Weekday};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use contracts::contract_terms::{Bearer, ContractTerms, FeeBase, FeeVat, ShippingRule};
use money::{Currency, MoneyError, Rate, Rounding};

use crate::{ImportError, Sources};

/// Orders from files into the platform: everything is checked first, and it can be stopped and run again.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// Who sells: `seller_id,city,state`
    #[arg(long, value_name = "FILE")]
    pub partners: PathBuf,
    /// What was sold, one row a line: `order_id,line,seller_id,category,sold_at,price,freight`
    #[arg(long, value_name = "FILE")]
    pub orders: PathBuf,
    /// What was paid: `order_id,sequence,method,instalments,amount`
    #[arg(long, value_name = "FILE")]
    pub payments: PathBuf,
    /// Of all amounts: KRW, BRL, USD, ...
    #[arg(long, value_name = "CODE")]
    pub currency: Currency,
    /// Of all times of sale
    #[arg(long, value_name = "ZONE", default_value = "Asia/Seoul")]
    pub time_zone: TimeZone,
    /// The contract of all partners, as JSON; or give --rate and what goes with it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["rate", "fee_vat", "cycle", "payout_days", "holidays"])]
    pub contract_terms: Option<PathBuf>,
    /// The fee, in percent of the price; without it and --contract-terms partners get no contract
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub rate: Option<Rate>,
    /// The value-added tax on the fee, on top of it
    #[arg(long, value_name = "PERCENT", value_parser = percent, default_value = "10%", requires = "rate")]
    pub fee_vat: Rate,
    /// When sales are settled
    #[arg(long, value_enum, default_value_t = CycleName::Monthly, requires = "rate")]
    pub cycle: CycleName,
    /// Business days from the end of a settlement window to its payout
    #[arg(long, value_name = "N", default_value_t = 3, requires = "rate")]
    pub payout_days: u16,
    /// Whose holidays are no business days
    #[arg(long, value_parser = ["KR", "BR", "US", "NONE"], default_value = "KR", requires = "rate")]
    pub holidays: String,
    /// The first day of sale that the contract prices; the day of the first order if left out
    #[arg(long, value_name = "DATE")]
    pub valid_from: Option<NaiveDate>,
    /// Leave out orders that have a row which cannot be used, instead of sending nothing
    #[arg(long)]
    pub skip_bad_rows: bool,
    /// Orders in one request
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub batch_size: u16,
    /// No progress bar
    #[arg(long)]
    pub no_progress: bool,
}

/// How often sales are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CycleName {
    /// Calendar months
    Monthly,
    /// Weeks from Monday to Sunday
    Weekly,
    /// Days
    Daily,
}

impl CycleName {
    fn cycle(self) -> Result<Cycle, ImportError> {
        Ok(match self {
            Self::Monthly => Cycle::monthly([31])?,
            Self::Weekly => Cycle::Weekly {
                ends_on: Weekday::Sunday,
            },
            Self::Daily => Cycle::Daily,
        })
    }
}

impl ImportArgs {
    /// The files and how to read them.
    pub fn sources(&self) -> Sources {
        Sources {
            partners: self.partners.clone(),
            orders: self.orders.clone(),
            payments: self.payments.clone(),
            currency: self.currency,
            time_zone: self.time_zone,
        }
    }

    /// The contract terms of all partners, from the file or the flags; none if neither was given.
    pub fn terms(&self) -> Result<Option<ContractTerms>, ImportError> {
        if let Some(path) = &self.contract_terms {
            return self.terms_of_file(path).map(Some);
        }
        let Some(rate_ppm) = self.rate else {
            return Ok(None);
        };
        Ok(Some(ContractTerms {
            currency: self.currency,
            time_zone: self.time_zone,
            holidays: self.holidays.clone(),
            fee_base: FeeBase::Gross,
            rate_ppm,
            category_rates: Vec::new(),
            fee_minimum_minor: None,
            fee_maximum_minor: None,
            flat_fee_minor: 0,
            fee_vat: FeeVat {
                rate_ppm: self.fee_vat,
                borne_by: Bearer::Partner,
            },
            rounding: Rounding::Down,
            shipping: ShippingRule::PassThrough,
            cycle: self.cycle.cycle()?,
            payout: PayoutTerm::business_days(self.payout_days),
            minimum_payout_minor: 0,
        }))
    }

    fn terms_of_file(&self, path: &PathBuf) -> Result<ContractTerms, ImportError> {
        let text = std::fs::read(path).map_err(|source| ImportError::Open {
            path: path.clone(),
            source,
        })?;
        let terms: ContractTerms = serde_json::from_slice(&text).map_err(|source| ImportError::Terms {
            path: path.clone(),
            source,
        })?;
        if terms.currency == self.currency {
            Ok(terms)
        } else {
            Err(ImportError::TermsCurrency {
                terms: terms.currency,
                orders: self.currency,
            })
        }
    }
}

/// A percentage, with its sign or without.
fn percent(text: &str) -> Result<Rate, MoneyError> {
    Rate::parse_percent(text.trim_end_matches('%').trim_end())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{CycleName, ImportArgs};

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: ImportArgs,
    }

    fn parse(flags: &[&str]) -> Result<ImportArgs, clap::Error> {
        let files = ["import", "--partners", "p", "--orders", "o", "--payments", "y"];
        Command::try_parse_from(files.iter().chain(flags)).map(|command| command.args)
    }

    #[test]
    fn the_flags_make_the_terms_of_a_contract() {
        let args = parse(&[
            "--currency",
            "BRL",
            "--time-zone",
            "America/Sao_Paulo",
            "--rate",
            "12%",
        ])
        .unwrap();
        let terms = args.terms().unwrap().unwrap();
        assert_eq!(terms.rate_ppm.ppm(), 120_000);
        assert_eq!(terms.fee_vat.rate_ppm.ppm(), 100_000);
        assert_eq!(terms.time_zone.name(), "America/Sao_Paulo");
        assert_eq!(terms.payout.days, 3);
        assert_eq!(args.cycle, CycleName::Monthly);
        assert_eq!(args.batch_size, 500);
        let args = parse(&[
            "--currency",
            "KRW",
            "--rate",
            "9.5",
            "--fee-vat",
            "0",
            "--cycle",
            "weekly",
            "--payout-days",
            "0",
            "--holidays",
            "NONE",
            "--valid-from",
            "2026-01-01",
        ])
        .unwrap();
        let terms = args.terms().unwrap().unwrap();
        assert_eq!((terms.rate_ppm.ppm(), terms.fee_vat.rate_ppm.ppm()), (95_000, 0));
        assert_eq!(terms.holidays, "NONE");
    }

    #[test]
    fn without_terms_there_is_no_contract() {
        assert_eq!(parse(&["--currency", "KRW"]).unwrap().terms().unwrap(), None);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for flags in [
            &["--currency", "krw"][..],
            &[],
            &["--currency", "KRW", "--rate", "101%"],
            &["--currency", "KRW", "--rate", "twelve"],
            &["--currency", "KRW", "--rate", "12%", "--contract-terms", "t.json"],
            &["--currency", "KRW", "--cycle", "daily"],
            &["--currency", "KRW", "--rate", "12%", "--holidays", "JP"],
            &["--currency", "KRW", "--batch-size", "501"],
            &["--currency", "KRW", "--batch-size", "0"],
            &["--currency", "KRW", "--time-zone", "Seoul"],
        ] {
            assert!(parse(flags).is_err(), "{flags:?}");
        }
    }

    #[test]
    fn terms_of_another_currency_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("terms.json");
        let text = r#"{"currency":"KRW","rate_ppm":1,"cycle":{"kind":"daily"},"payout":{"days":2}}"#;
        std::fs::write(&file, text).unwrap();
        let flags =
            |currency| parse(&["--currency", currency, "--contract-terms", file.to_str().unwrap()]).unwrap();
        assert_eq!(flags("KRW").terms().unwrap().unwrap().rate_ppm.ppm(), 1);
        let refusal = flags("BRL").terms().unwrap_err().to_string();
        assert!(refusal.contains("give terms in BRL"), "{refusal}");
        std::fs::write(&file, r#"{"currency":"KRW"}"#).unwrap();
        assert!(
            flags("KRW")
                .terms()
                .unwrap_err()
                .to_string()
                .contains("holds no contract terms")
        );
    }
}
