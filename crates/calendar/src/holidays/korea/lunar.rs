//! The days of the lunisolar calendar, on the meridian of Korea (UTC+9).
//!
//! A table, because the months follow the true moon and sun: a new moon shortly after midnight in Seoul falls
//! on the day before in Beijing (Seollal 2027 and 2028), so data of neighbouring countries does not serve.

/// The Gregorian month and day of each lunar holiday of a year.
pub(super) struct LunarYear {
    pub(super) year: i32,
    /// The 1st of the 1st month; the days before and after are holidays too.
    pub(super) seollal: (u32, u32),
    /// The 8th of the 4th month.
    pub(super) buddha: (u32, u32),
    /// The 15th of the 8th month; the days before and after are holidays too.
    pub(super) chuseok: (u32, u32),
}

const fn lunar(year: i32, seollal: (u32, u32), buddha: (u32, u32), chuseok: (u32, u32)) -> LunarYear {
    LunarYear {
        year,
        seollal,
        buddha,
        chuseok,
    }
}

pub(super) const YEARS: [LunarYear; 20] = [
    lunar(2016, (2, 8), (5, 14), (9, 15)),
    lunar(2017, (1, 28), (5, 3), (10, 4)),
    lunar(2018, (2, 16), (5, 22), (9, 24)),
    lunar(2019, (2, 5), (5, 12), (9, 13)),
    lunar(2020, (1, 25), (4, 30), (10, 1)),
    lunar(2021, (2, 12), (5, 19), (9, 21)),
    lunar(2022, (2, 1), (5, 8), (9, 10)),
    lunar(2023, (1, 22), (5, 27), (9, 29)),
    lunar(2024, (2, 10), (5, 15), (9, 17)),
    lunar(2025, (1, 29), (5, 5), (10, 6)),
    lunar(2026, (2, 17), (5, 24), (9, 25)),
    lunar(2027, (2, 7), (5, 13), (9, 15)),
    lunar(2028, (1, 27), (5, 2), (10, 3)),
    lunar(2029, (2, 13), (5, 20), (9, 22)),
    lunar(2030, (2, 3), (5, 9), (9, 12)),
    lunar(2031, (1, 23), (5, 28), (10, 1)),
    lunar(2032, (2, 11), (5, 16), (9, 19)),
    lunar(2033, (1, 31), (5, 6), (9, 8)),
    lunar(2034, (2, 19), (5, 25), (9, 27)),
    lunar(2035, (2, 8), (5, 15), (9, 16)),
];
