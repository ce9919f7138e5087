//! The partners' file: one row a seller.

use std::collections::HashSet;
use std::sync::Arc;

use super::fault::{Fault, Faults};
use super::field::{CITY, excerpt, reference, required, short};
use super::table::Table;
use crate::{ImportError, Seller};

/// Its columns.
pub(crate) const COLUMNS: [&str; 3] = ["seller_id", "city", "state"];

/// Who sells.
#[derive(Debug, Default)]
pub(crate) struct Sellers {
    /// In the file's order.
    pub(crate) all: Vec<Seller>,
    references: HashSet<Arc<str>>,
}

impl Sellers {
    /// Reads the sound rows; what is wrong with the others goes to `faults`.
    pub(crate) fn read(mut table: Table<3>, faults: &mut Faults) -> Result<Self, ImportError> {
        let width = table.width();
        let mut sellers = Self::default();
        while let Some(row) = table.next()? {
            if let Err(error) = row.sound(width) {
                faults.push(error);
                continue;
            }
            let city = match short(row.text("city"), CITY) {
                Ok(city) => city.to_owned(),
                Err(fault) => {
                    faults.push(row.error(Some("city"), fault));
                    continue;
                }
            };
            match reference(row.text("seller_id")) {
                Err(fault) => faults.push(row.error(Some("seller_id"), fault)),
                Ok(reference) if sellers.references.contains(reference) => {
                    let seller = excerpt(reference);
                    faults.push(row.error(Some("seller_id"), Fault::DuplicateSeller { seller }));
                }
                Ok(reference) => {
                    let reference: Arc<str> = reference.into();
                    sellers.references.insert(Arc::clone(&reference));
                    sellers.all.push(Seller { reference, city });
                }
            }
        }
        Ok(sellers)
    }

    /// The seller of that reference.
    pub(crate) fn named(&self, reference: &str) -> Result<Arc<str>, Fault> {
        self.references
            .get(required(reference)?)
            .cloned()
            .ok_or_else(|| Fault::UnknownSeller {
                seller: excerpt(reference),
            })
    }
}
