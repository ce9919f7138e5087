//! Days that are a holiday once: elections on the expiry of a term, and temporary holidays by decree.
//!
//! Elections to come follow the public official election act, article 34: the first Wednesday from the 70th
//! (president), 50th (national assembly) or 30th (local) day before the term ends, a week later when that
//! day, the day before or the day after is a holiday. An early election or a new decree is a new version of
//! this calendar.

use chrono::NaiveDate;

const ELECTIONS: [(i32, u32, u32); 15] = [
    (2016, 4, 13), // National assembly
    (2017, 5, 9),  // President, early
    (2018, 6, 13), // Local
    (2020, 4, 15), // National assembly
    (2022, 3, 9),  // President
    (2022, 6, 1),  // Local
    (2024, 4, 10), // National assembly
    (2025, 6, 3),  // President, early
    (2026, 6, 3),  // Local
    (2028, 4, 12), // National assembly
    (2030, 3, 27), // President
    (2030, 6, 12), // Local: 5 June is the day before memorial day
    (2032, 4, 14), // National assembly
    (2034, 5, 31), // Local
    (2035, 3, 28), // President
];

const TEMPORARY: [(i32, u32, u32); 6] = [
    (2016, 5, 6),  // Bridges children's day and the weekend
    (2017, 10, 2), // Bridges the weekend and Chuseok
    (2020, 8, 17), // Makes up for liberation day on a Saturday
    (2023, 10, 2), // Bridges Chuseok and 3 October
    (2024, 10, 1), // Armed forces day
    (2025, 1, 27), // Bridges the weekend and Seollal
];

pub(super) fn all() -> impl Iterator<Item = NaiveDate> {
    ELECTIONS
        .into_iter()
        .chain(TEMPORARY)
        .filter_map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day))
}
