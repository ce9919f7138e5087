//! What the sample's shops sell, and where they are.

/// How many shops.
pub(crate) const PARTNERS: u64 = 40;

/// City and province.
pub(crate) const CITIES: &[(&str, &str)] = &[
    ("Seoul", "Seoul"),
    ("Busan", "Busan"),
    ("Incheon", "Incheon"),
    ("Daegu", "Daegu"),
    ("Daejeon", "Daejeon"),
    ("Gwangju", "Gwangju"),
    ("Suwon", "Gyeonggi"),
    ("Seongnam", "Gyeonggi"),
    ("Goyang", "Gyeonggi"),
    ("Gangneung", "Gangwon"),
    ("Cheongju", "Chungbuk"),
    ("Jeonju", "Jeonbuk"),
    ("Changwon", "Gyeongnam"),
    ("Jeju", "Jeju"),
];

/// What a category's things cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Category {
    pub(crate) name: &'static str,
    /// The least price in KRW, VAT included.
    pub(crate) from: u64,
    /// How many steps of KRW 100 above that a price can be.
    pub(crate) steps: u64,
}

const fn category(name: &'static str, from: u64, steps: u64) -> Category {
    Category { name, from, steps }
}

/// What is sold when the list below is empty, which it is not.
pub(crate) const ANYTHING: Category = category("living", 4_900, 550);

/// The categories.
pub(crate) const CATEGORIES: &[Category] = &[
    category("fresh_food", 5_900, 450),
    category("snacks", 2_900, 180),
    category("health_food", 12_000, 780),
    category("cosmetics", 6_900, 620),
    category("womens_fashion", 15_900, 1_140),
    category("mens_fashion", 17_900, 1_080),
    category("kitchenware", 7_900, 710),
    ANYTHING,
    category("stationery", 1_900, 160),
    category("books", 9_800, 250),
    category("pets", 4_500, 480),
    category("camping", 19_900, 2_300),
    category("home_appliances", 39_000, 4_500),
];
