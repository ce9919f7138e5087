//! The active codes of ISO 4217 with their minor units, as of the changes in force on 2026-01-01
//! (BGN gave way to EUR, ANG to XCG, ZWL to ZWG, SLL to SLE).
//!
//! Fund codes are listed; precious metals, test codes and units of account without minor units
//! (XAU, XDR, XTS, XXX and the like) are not, since an amount of them has no smallest unit to count.

/// Codes by exponent: how many decimals the major unit has. Each row is in alphabetical order.
pub(crate) const ACTIVE: [(u8, &[&str]); 4] = [
    (0, NO_DECIMALS),
    (2, TWO_DECIMALS),
    (3, THREE_DECIMALS),
    (4, FOUR_DECIMALS),
];

const NO_DECIMALS: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
    "XOF", "XPF",
];

const TWO_DECIMALS: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD", "BND", "BOB",
    "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP", "COU",
    "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL",
    "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES",
    "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK",
    "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
    "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG",
    "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP",
    "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED", "VES", "WST", "XAD", "XCD", "XCG",
    "YER", "ZAR", "ZMW", "ZWG",
];

const THREE_DECIMALS: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

const FOUR_DECIMALS: &[&str] = &["CLF", "UYW"];

#[cfg(test)]
mod tests {
    use super::ACTIVE;

    #[test]
    fn every_row_is_sorted_because_it_is_searched_by_halves() {
        for (exponent, codes) in ACTIVE {
            assert!(codes.is_sorted_by(|left, right| left < right), "{exponent}");
        }
    }

    #[test]
    fn every_code_is_three_capitals_and_stands_once() {
        let mut all: Vec<&str> = ACTIVE
            .iter()
            .flat_map(|(_, codes)| codes.iter().copied())
            .collect();
        assert!(
            all.iter()
                .all(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()))
        );
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
