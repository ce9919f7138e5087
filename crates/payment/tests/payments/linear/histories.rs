//! Histories written by hand, so that the checker is known to reject what it must.

use crate::linear::checker::{Call, check};
use crate::linear::model::{Command, Payment, Step};
use Command::{Capture, Refund, Void};

/// A step from one time to another; to 0: nobody knows.
fn call(began: u64, ended: u64, step: Step) -> Call<Step> {
    Call {
        step,
        began,
        ended: (ended > 0).then_some(ended),
    }
}

/// A command that was done between two times.
fn done(number: usize, command: Command, began: u64, ended: u64) -> [Call<Step>; 2] {
    [
        call(began, ended, Step::Begins(number, command)),
        call(began, ended, Step::Ends(number, command)),
    ]
}

fn read(began: u64, ended: u64, status: &str, amounts: [i64; 4]) -> [Call<Step>; 1] {
    [call(began, ended, Step::Read(status.to_owned(), amounts))]
}

fn refused(began: u64, ended: u64, step: Step) -> [Call<Step>; 1] {
    [call(began, ended, step)]
}

/// Whether the calls on a payment of 100 can be put in an order.
fn fits(calls: &[&[Call<Step>]]) -> bool {
    check(&Payment { amount: 100 }, &calls.concat()).is_ok()
}

#[test]
fn what_happened_one_after_another_is_in_order() {
    assert!(fits(&[]));
    assert!(fits(&[
        &read(1, 2, "authorized", [100, 0, 0, 0]),
        &done(1, Capture(40), 3, 4),
        &read(5, 6, "partially_captured", [60, 40, 0, 0]),
        &refused(7, 8, Step::Beyond(Capture(61))),
        &done(2, Refund(40), 9, 10),
        &read(11, 12, "refunded", [60, 40, 0, 40]),
        &refused(13, 14, Step::Conflict(Refund(1))),
        &done(3, Void, 15, 16),
        &read(17, 18, "refunded", [0, 40, 60, 40]),
        &refused(19, 20, Step::Beyond(Void)),
    ]));
}

#[test]
fn what_overlaps_may_be_in_either_order() {
    for [first, second] in [[Capture(60), Capture(30)], [Capture(30), Capture(60)]] {
        assert!(fits(&[
            &done(1, first, 1, 10),
            &done(2, second, 1, 10),
            &read(11, 12, "partially_captured", [10, 90, 0, 0]),
        ]));
    }
    // It was read between the two.
    assert!(fits(&[
        &done(1, Capture(60), 1, 10),
        &done(2, Capture(30), 1, 10),
        &read(2, 9, "partially_captured", [70, 30, 0, 0]),
    ]));
    // Refused beside what was open.
    assert!(fits(&[
        &done(1, Capture(60), 1, 10),
        &refused(2, 9, Step::Conflict(Void))
    ]));
}

#[test]
fn what_nobody_knows_may_happen_later_or_never() {
    let unknown = |number, command| {
        [
            call(1, 0, Step::Begins(number, command)),
            call(1, 0, Step::Ends(number, command)),
        ]
    };
    for (status, amounts) in [
        ("authorized", [100, 0, 0, 0]),
        ("processing", [100, 0, 0, 0]),
        ("partially_captured", [40, 60, 0, 0]),
    ] {
        assert!(
            fits(&[&unknown(1, Capture(60)), &read(50, 60, status, amounts)]),
            "{status}"
        );
    }
    // Answered as open: it has begun by then.
    let open = [
        call(1, 5, Step::Begins(1, Capture(60))),
        call(1, 0, Step::Ends(1, Capture(60))),
    ];
    assert!(fits(&[&open, &read(6, 7, "processing", [100, 0, 0, 0])]));
    assert!(!fits(&[&open, &read(6, 7, "authorized", [100, 0, 0, 0])]));
}

#[test]
fn what_can_not_have_been_is_rejected() {
    let cases: [(&str, Vec<Vec<Call<Step>>>); 9] = [
        (
            "both of two that exclude each other",
            vec![
                done(1, Capture(60), 1, 10).to_vec(),
                done(2, Capture(50), 1, 10).to_vec(),
            ],
        ),
        (
            "a capture and a void",
            vec![
                done(1, Capture(100), 1, 10).to_vec(),
                done(2, Void, 1, 10).to_vec(),
            ],
        ),
        (
            "an old read after a new one",
            vec![
                done(1, Capture(60), 1, 10).to_vec(),
                read(2, 3, "partially_captured", [40, 60, 0, 0]).to_vec(),
                read(4, 5, "authorized", [100, 0, 0, 0]).to_vec(),
            ],
        ),
        (
            "what was done is not seen after it",
            vec![
                done(1, Capture(60), 1, 2).to_vec(),
                read(3, 4, "authorized", [100, 0, 0, 0]).to_vec(),
            ],
        ),
        (
            "more went back than was taken",
            vec![
                done(1, Capture(60), 1, 2).to_vec(),
                done(2, Refund(40), 3, 9).to_vec(),
                done(3, Refund(40), 3, 9).to_vec(),
            ],
        ),
        (
            "refused although nothing was open",
            vec![refused(1, 2, Step::Conflict(Capture(1))).to_vec()],
        ),
        (
            "refused although it fits",
            vec![refused(1, 2, Step::Beyond(Capture(100))).to_vec()],
        ),
        (
            "half of a capture",
            vec![
                done(1, Capture(60), 1, 9).to_vec(),
                read(2, 3, "partially_captured", [70, 30, 0, 0]).to_vec(),
            ],
        ),
        (
            "open after it was done",
            vec![
                done(1, Capture(60), 1, 2).to_vec(),
                read(3, 4, "processing", [40, 60, 0, 0]).to_vec(),
            ],
        ),
    ];
    for (name, calls) in cases {
        let calls: Vec<&[Call<Step>]> = calls.iter().map(Vec::as_slice).collect();
        assert!(!fits(&calls), "{name}");
    }
}

#[test]
fn a_long_history_is_decided_soon() {
    // Four clients who each read while another captures: without memory this takes for ever.
    let mut calls = Vec::new();
    for round in 0..100_u64 {
        let began = round * 10;
        let number = usize::try_from(round).unwrap();
        let taken = i64::try_from(round).unwrap();
        calls.extend(done(number, Capture(1), began, began + 9));
        for _ in 0..3 {
            calls.extend(read(began, began + 9, "processing", [100 - taken, taken, 0, 0]));
        }
    }
    assert!(check(&Payment { amount: 100 }, &calls).is_ok());
    calls.extend(read(500, 501, "completed", [0, 100, 0, 0]));
    assert!(check(&Payment { amount: 100 }, &calls).is_err());
}
