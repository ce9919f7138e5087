//! Which rows cannot be used, where they stand, and what becomes of their orders.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, its helpers too"
)]

use std::path::{Path, PathBuf};

use calendar::TimeZone;
use chrono::{DateTime, Utc};
use importer::{Checked, Sources, Totals, check};
use money::Currency;

const PARTNERS: &str = "seller_id,city,state\ns1,campinas,SP\ns2,\"rio, centro\",RJ\n";
const ORDERS: &str = "order_id,line,seller_id,category,sold_at,price,freight\n";
const PAYMENTS: &str = "order_id,sequence,method,instalments,amount\n";

/// One sound order beside what a case is about.
const SOUND_ORDER: &str = "ok,1,s1,toys,2017-05-03 11:05:00,10.00,1.50\n";
const SOUND_PAYMENT: &str = "ok,1,voucher,1,11.50\n";

struct Files {
    dir: tempfile::TempDir,
}

impl Files {
    fn new(partners: impl AsRef<[u8]>, orders: impl AsRef<[u8]>, payments: impl AsRef<[u8]>) -> Self {
        let files = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        std::fs::write(files.path("partners.csv"), partners).unwrap();
        std::fs::write(files.path("orders.csv"), orders).unwrap();
        std::fs::write(files.path("payments.csv"), payments).unwrap();
        files
    }

    /// The sound order, and these rows of another one.
    fn with_rows(orders: &str, payments: &str) -> Self {
        Self::new(
            PARTNERS,
            format!("{ORDERS}{SOUND_ORDER}{orders}"),
            format!("{PAYMENTS}{SOUND_PAYMENT}{payments}"),
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn check(&self) -> Checked {
        let now: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
        let sources = Sources {
            partners: self.path("partners.csv"),
            orders: self.path("orders.csv"),
            payments: self.path("payments.csv"),
            currency: Currency::BRL,
            time_zone: TimeZone::parse("America/Sao_Paulo").unwrap(),
        };
        check(&sources, now).unwrap()
    }
}

/// `file line column: reason` of every fault.
fn faults(checked: &Checked) -> Vec<String> {
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    checked
        .faults
        .first
        .iter()
        .map(|e| {
            format!(
                "{} {} {}: {}",
                name(&e.file),
                e.line,
                e.column.unwrap_or("-"),
                e.reason
            )
        })
        .collect()
}

fn references(checked: &Checked) -> Vec<&str> {
    checked
        .orders
        .iter()
        .map(|order| order.reference.as_str())
        .collect()
}

#[test]
fn sound_files_become_whole_orders() {
    let files = Files::with_rows(
        "b,2,s1,,2017-05-03 11:05:00,0.99,0.00\nb,1,s2,toys,2017-05-02 23:00:00,239.9,19\n",
        "b,2,boleto,1,59.89\nb,1,credit_card,10,200\n",
    );
    let checked = files.check();
    assert_eq!(faults(&checked), [""; 0]);
    assert_eq!(references(&checked), ["ok", "b"]);
    let order = &checked.orders[1];
    assert_eq!(order.sold_at.to_rfc3339(), "2017-05-03T02:00:00+00:00");
    assert_eq!(checked.several_times, 1);
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(|l| (l.number, &*l.seller, &*l.category, l.price_minor, l.freight_minor))
        .collect();
    assert_eq!(lines, [(1, "s2", "toys", 23_990, 1_900), (2, "s1", "", 99, 0)]);
    let tenders: Vec<_> = order
        .tenders
        .iter()
        .map(|t| (t.sequence, t.kind.as_str(), t.amount_minor))
        .collect();
    assert_eq!(tenders, [(1, "card", 20_000), (2, "bank_transfer", 5_989)]);
    assert_eq!(order.difference_minor(), 0);
    let names: Vec<String> = checked.sellers.iter().map(importer::Seller::name).collect();
    assert_eq!(names, ["s1, campinas", "s2, rio, centro"]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_broken_row_is_named_with_its_line_and_column_and_its_order_is_left_out_whole() {
    const LINE: &str = "bad,1,s1,toys,2017-05-03 11:05:00,10.00,1.50\n";
    const PAID: &str = "bad,1,voucher,1,11.50\n";
    let table = [
        // the orders' rows, the payments' rows, the fault
        (
            "bad,1,s1,toys,2017-05-03 11:05:00,10.00\n",
            PAID,
            "orders 3 -: the row has 6 fields, the header 7",
        ),
        (
            "bad,1,s1,toys,x,2017-05-03 11:05:00,10.00,1.50\n",
            PAID,
            "orders 3 -: the row has 8 fields",
        ),
        (
            "bad,0,s1,toys,2017-05-03 11:05:00,10.00,1.50\n",
            PAID,
            "orders 3 line: `0` is not a whole number",
        ),
        (
            "bad,,s1,toys,2017-05-03 11:05:00,10.00,1.50\n",
            PAID,
            "orders 3 line: the field is empty",
        ),
        (
            "bad,1,s9,toys,2017-05-03 11:05:00,10.00,1.50\n",
            PAID,
            "orders 3 seller_id: the seller `s9` has no sound",
        ),
        (
            "bad,1,s1,toys,2017-05-03 11:05:00,10.001,1.50\n",
            PAID,
            "orders 3 price: `10.001` has more than 2",
        ),
        (
            "bad,1,s1,toys,2017-05-03 11:05:00,ten,1.50\n",
            PAID,
            "orders 3 price: `ten` is not a decimal",
        ),
        (
            "bad,1,s1,toys,2017-05-03 11:05:00,-10.00,1.50\n",
            PAID,
            "orders 3 price: `-10.00` is negative",
        ),
        (
            "bad,1,s1,toys,2017-05-03 11:05:00,10.00,\"1,50\"\n",
            PAID,
            "orders 3 freight: `1,50` is not a decimal",
        ),
        (
            "bad,1,s1,toys,2017-05-03 11:05:00,10.00,\n",
            PAID,
            "orders 3 freight: the field is empty",
        ),
        (
            "bad,1,s1,toys,03/05/2017,10.00,1.50\n",
            PAID,
            "orders 3 sold_at: `03/05/2017` is not a time",
        ),
        (
            "bad,1,s1,toys,2027-05-03 11:05:00,10.00,1.50\n",
            PAID,
            "orders 3 sold_at: `2027-05-03 11:05:00` is in the",
        ),
        (
            "bad,1,s1,toys,2017-10-15 00:30:00,10.00,1.50\n",
            PAID,
            "orders 3 sold_at: 2017-10-15 00:30:00 never",
        ),
        (
            &format!("{LINE}{LINE}"),
            PAID,
            "orders 4 line: line 1 of the order `bad` has a row already",
        ),
        (LINE, "", "orders 3 order_id: the order `bad` has no payment"),
        (
            LINE,
            "bad,1,voucher,1\n",
            "payments 3 -: the row has 4 fields, the header 5",
        ),
        (
            LINE,
            "bad,1,credit card,1,11.50\n",
            "payments 3 method: `credit card` is not a known method",
        ),
        (
            LINE,
            "bad,1,voucher,0,11.50\n",
            "payments 3 instalments: `0` is not a whole number",
        ),
        (
            LINE,
            "bad,x,voucher,1,11.50\n",
            "payments 3 sequence: `x` is not a whole number",
        ),
        (
            LINE,
            "bad,1,voucher,1,-11.50\n",
            "payments 3 amount: `-11.50` is negative",
        ),
        (
            LINE,
            "bad,1,voucher,1,11.505\n",
            "payments 3 amount: `11.505` has more than 2",
        ),
        (
            LINE,
            "bad,1,voucher,1,99999999999999999999\n",
            "payments 3 amount: the amount does not fit",
        ),
        (
            LINE,
            &format!("{PAID}{PAID}"),
            "payments 4 sequence: payment 1 of the order `bad` has a row already",
        ),
    ];
    for (orders, payments, expected) in table {
        let checked = Files::with_rows(orders, payments).check();
        let found = faults(&checked);
        assert_eq!(found.len(), 1, "{expected}: {found:?}");
        assert!(found[0].starts_with(expected), "{expected}: {found:?}");
        assert_eq!(
            (references(&checked), checked.left_out),
            (vec!["ok"], 1),
            "{expected}"
        );
    }
}

#[test]
fn all_that_is_wrong_with_a_row_is_named_at_once() {
    let checked = Files::with_rows("bad,x,s9,toys,never,a,b\n", "bad,x,y,z,a\n").check();
    let columns: Vec<_> = checked.faults.first.iter().map(|e| e.column.unwrap()).collect();
    assert_eq!(
        columns,
        [
            "line",
            "seller_id",
            "sold_at",
            "price",
            "freight",
            "sequence",
            "method",
            "instalments",
            "amount"
        ]
    );
    assert_eq!(checked.left_out, 1);
}

#[test]
fn a_payment_without_an_order_is_named_and_no_order_is_left_out_for_it() {
    let checked = Files::with_rows("", "ghost,1,voucher,1,11.50\n,1,voucher,1,1\n").check();
    assert_eq!(
        faults(&checked),
        [
            "payments 3 order_id: the order `ghost` has no line in the orders' file",
            "payments 4 order_id: the field is empty"
        ]
    );
    assert_eq!((references(&checked), checked.left_out), (vec!["ok"], 0));
}

#[test]
fn an_order_with_one_broken_row_of_several_is_not_sent_in_part() {
    let sound = "bad,1,s1,toys,2017-05-03 11:05:00,10.00,1.50\n";
    let paid = "bad,1,voucher,1,11.50\n";
    for broken in [
        "bad,2,s1,toys\n",
        "s1,bad,2,toys\n",
        "x,2,s1,\"toys\nbad,2,s1,toys,2017-05-03 11:05:00,1,1\n",
    ] {
        let checked = Files::with_rows(&format!("{sound}{broken}"), paid).check();
        assert_eq!(
            (references(&checked), checked.left_out),
            (vec!["ok"], 1),
            "{broken}"
        );
        assert_eq!(checked.faults.count, 1, "{:?}", faults(&checked));
    }
}

#[test]
fn a_quote_that_is_never_closed_is_named_where_it_opens() {
    let checked = Files::with_rows(
        "bad,1,s1,\"toys,2017-05-03 11:05:00,10.00,1.50\nc,1,s1,toys,2017-05-03 11:05:00,10.00,1.50\n",
        "bad,1,voucher,1,11.50\nc,1,voucher,1,11.50\n",
    )
    .check();
    assert_eq!(
        faults(&checked),
        ["orders 3 -: the row has 4 fields, the header 7"]
    );
    assert_eq!((references(&checked), checked.left_out), (vec!["ok"], 2));
}

#[test]
fn text_that_the_platform_would_not_keep_whole_is_named() {
    let (order, category, city) = ("o".repeat(65), "한".repeat(65), "c".repeat(131));
    let files = Files::new(
        format!("{PARTNERS}s3,{city},SP\n{order},x,SP\n"),
        format!(
            "{ORDERS}{SOUND_ORDER}bad,1,s1,{category},2017-05-03 11:05:00,1,0\n{order},1,s1,toys,2017-05-03 11:05:00,1,0\n"
        ),
        format!("{PAYMENTS}{SOUND_PAYMENT}bad,1,voucher,1,1\n{order},1,voucher,1,1\n"),
    );
    let checked = files.check();
    assert_eq!(
        faults(&checked),
        [
            "partners 4 city: the text has 131 characters, the platform keeps 130 at most",
            "partners 5 seller_id: the text has 65 characters, the platform keeps 64 at most",
            "orders 3 category: the text has 65 characters, the platform keeps 64 at most",
            "orders 4 order_id: the text has 65 characters, the platform keeps 64 at most",
            "payments 4 order_id: the text has 65 characters, the platform keeps 64 at most",
        ]
    );
    assert_eq!(references(&checked), ["ok"]);
}

#[test]
fn a_seller_twice_or_without_a_name_is_named_and_the_first_one_counts() {
    let partners = format!("{PARTNERS}s1,sorocaba,SP\n,x,SP\ns3,x\n");
    let files = Files::new(
        partners,
        format!("{ORDERS}{SOUND_ORDER}"),
        format!("{PAYMENTS}{SOUND_PAYMENT}"),
    );
    let checked = files.check();
    assert_eq!(
        faults(&checked),
        [
            "partners 4 seller_id: the seller `s1` has a row already",
            "partners 5 seller_id: the field is empty",
            "partners 6 -: the row has 2 fields, the header 3",
        ]
    );
    assert_eq!(checked.sellers.len(), 2);
    assert_eq!(checked.sellers[0].city, "campinas");
}

#[test]
fn text_that_is_not_utf_8_is_named() {
    let mut orders = format!("{ORDERS}{SOUND_ORDER}").into_bytes();
    orders.extend(b"bad,1,s1,caf\xe9,2017-05-03 11:05:00,10.00,1.50\n");
    let payments = format!("{PAYMENTS}{SOUND_PAYMENT}bad,1,voucher,1,11.50\n");
    let checked = Files::new(PARTNERS, orders, payments).check();
    assert!(faults(&checked)[0].starts_with("orders 3 category: the text is not UTF-8"));
    assert_eq!((references(&checked), checked.left_out), (vec!["ok"], 1));
}

#[test]
fn a_missing_or_double_column_stops_everything_and_all_headers_are_looked_at() {
    let files = Files::new(
        "seller,city,state\ns1,a,b\n",
        "order_id,line,seller_id,category,sold_at,price,price\n",
        format!("{PAYMENTS}x\n"),
    );
    let checked = files.check();
    assert_eq!(
        faults(&checked),
        [
            "partners 1 seller_id: the header has no such column",
            "orders 1 price: the header has this column twice",
            "orders 1 freight: the header has no such column",
        ]
    );
    assert!(checked.header_broken);
    assert!(checked.orders.is_empty() && checked.sellers.is_empty());
}

#[test]
fn an_empty_file_lacks_all_its_columns() {
    let checked = Files::new(
        "",
        format!("{ORDERS}{SOUND_ORDER}"),
        format!("{PAYMENTS}{SOUND_PAYMENT}"),
    )
    .check();
    assert!(checked.header_broken);
    assert_eq!(checked.faults.count, 3);
}

#[test]
fn order_of_columns_further_columns_line_ends_and_a_byte_order_mark_do_not_matter() {
    let files = Files::new(
        "\u{feff}state,seller_id,note,city\r\nSP,s1,n,campinas\r\n",
        format!("\u{feff}{ORDERS}{SOUND_ORDER}").replace('\n', "\r\n"),
        "amount,order_id,sequence,method,instalments\n11.50,ok,1,voucher,1\n",
    );
    let checked = files.check();
    assert_eq!(faults(&checked), [""; 0]);
    assert_eq!(references(&checked), ["ok"]);
    assert_eq!(checked.sellers[0].name(), "s1, campinas");
}

#[test]
fn of_very_many_broken_rows_all_are_counted_and_the_first_are_kept() {
    let rows = "bad,1,s1,toys,never,1,1\n".repeat(2_500);
    let checked = Files::with_rows(&rows, "bad,1,voucher,1,2\n").check();
    assert_eq!((checked.faults.count, checked.faults.first.len()), (2_500, 1_000));
    assert!(checked.faults.to_string().ends_with("and 2480 more\n"));
    assert_eq!(checked.left_out, 1);
}

#[test]
fn a_file_that_is_not_there_is_an_error_with_its_name() {
    let files = Files::with_rows("", "");
    std::fs::remove_file(files.path("payments.csv")).unwrap();
    let sources = Sources {
        partners: files.path("partners.csv"),
        orders: files.path("orders.csv"),
        payments: files.path("payments.csv"),
        currency: Currency::BRL,
        time_zone: TimeZone::default(),
    };
    let error = check(&sources, DateTime::UNIX_EPOCH).unwrap_err().to_string();
    assert!(error.contains("payments.csv cannot be opened"), "{error}");
}

#[test]
fn real_orders_of_a_marketplace_add_up_to_what_is_known_of_them() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("JEONGSAN_SHARED_DATA")
        .map_or(beside, PathBuf::from)
        .join("olist");
    if !folder.is_dir() {
        println!(
            "skipped: {} is not there; name its parent in JEONGSAN_SHARED_DATA",
            folder.display()
        );
        return;
    }
    let sources = Sources {
        partners: folder.join("sellers.csv"),
        orders: folder.join("orders.csv"),
        payments: folder.join("payments.csv"),
        currency: Currency::BRL,
        time_zone: TimeZone::parse("America/Sao_Paulo").unwrap(),
    };
    let checked = check(&sources, "2026-11-22T00:00:00Z".parse().unwrap()).unwrap();
    assert!(checked.faults.is_empty(), "{}", checked.faults);
    assert_eq!(
        (checked.sellers.len(), checked.left_out, checked.several_times),
        (1_358, 0, 17)
    );
    let totals = Totals::of(&checked.orders);
    assert_eq!(
        (totals.orders, totals.lines, totals.payments),
        (6_133, 6_977, 6_365)
    );
    assert_eq!(
        (totals.lines_minor, totals.payments_minor),
        (99_147_627, 99_160_665)
    );
    assert_eq!(
        (totals.breaks_over, totals.breaks_short, totals.net_minor),
        (23, 15, 13_038)
    );
    assert_eq!((totals.over_minor, totals.short_minor), (13_547, 509));
}
