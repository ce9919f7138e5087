use chrono::DateTime;
use contracts::events::{PaidLine, TenderKind};
use ids::{PartnerId, TransactionId};
use money::Currency;
use proptest::prelude::*;

use super::*;
use crate::domain::Failure;
use crate::domain::order::{Means, Order};
use crate::domain::status::{PaymentStatus, derive, is_complete, took};
use ConnectorName::{Simulator, Stripe};
use Operation::{Authorize, Refund, Sale, Void};
use OperationState::{Declined, Succeeded};

/// A payment that is worked on as the service would, with outcomes that a test decides.
struct Made {
    payment: Payment,
    history: Vec<Done>,
    /// Why what is refused is refused.
    code: &'static str,
}

impl Made {
    /// Of tenders of these amounts; the last is the first that money goes back to.
    fn of(capture: Capture, amounts: &[i64]) -> Self {
        let all: i64 = amounts.iter().sum();
        let rank = |number: i32| i32::try_from(amounts.len()).unwrap() - number;
        let order = Order {
            order_reference: "1".into(),
            currency: Currency::KRW,
            lines: vec![line(1, all - all / 3), line(2, all / 3)],
            means: (0_i32..)
                .zip(amounts)
                .map(|(number, amount_minor)| Means {
                    kind: TenderKind::Card,
                    amount_minor: *amount_minor,
                    token: None,
                    tokens: Vec::new(),
                    payment_method_id: None,
                    refund_rank: rank(number),
                })
                .collect(),
            capture,
            connector: None,
            return_url: None,
            sold_at: None,
            owed_minor: all,
            amount_minor: all,
        };
        let now = DateTime::UNIX_EPOCH;
        let (payment, _) = order.into_opened(Simulator, "usr", now, OperationState::Sent, None);
        Self {
            payment,
            history: Vec::new(),
            code: "no",
        }
    }

    /// The same, offered to these connectors, one after the other.
    fn routed(capture: Capture, amounts: &[i64], route: &[ConnectorName]) -> Self {
        let mut made = Self::of(capture, amounts);
        made.payment.route = route.to_vec();
        made.payment.connector = route[0];
        made.code = "do_not_honor";
        made
    }

    /// Works until nothing is left to do, or `steps` are done; `outcome` says how each operation ends.
    fn work(
        &mut self,
        change: Option<&Change>,
        steps: usize,
        mut outcome: impl FnMut(&Step) -> OperationState,
    ) {
        for _ in 0..steps {
            let Some(step) = next_step(&self.payment, &self.history, change) else {
                return;
            };
            let state = outcome(&step);
            self.end(step, state);
        }
    }

    fn end(&mut self, step: Step, state: OperationState) {
        self.payment.connector = step.connector;
        self.history.push(Done {
            id: TransactionId::generate(),
            tender_number: step.tender_number,
            operation: step.operation,
            cause: step.cause,
            connector: Some(step.connector),
            change_id: step.change_id,
            state,
            amount_minor: step.amount_minor,
            parts: step.parts,
            connector_reference: None,
            refusal: self.refusal(state),
            is_ending: false,
            attempts: 0,
        });
        if state == Succeeded {
            self.moved(self.history.len() - 1, false);
        }
    }

    fn refusal(&self, state: OperationState) -> Option<Failure> {
        state.is_refused().then(|| Failure {
            code: self.code.into(),
            detail: "no".into(),
        })
    }

    /// Moves the amounts by what was done in that place of the history, or back.
    fn moved(&mut self, place: usize, is_reversal: bool) {
        let done = &self.history[place];
        let mut tenders = self.payment.tenders.iter_mut();
        let tender = tenders.find(|t| t.number == done.tender_number).unwrap();
        let amounts = if is_reversal {
            tender.amounts.after_reversal(done.amount_minor)
        } else {
            tender.amounts.after(done.operation, done.amount_minor)
        };
        tender.amounts = amounts.unwrap();
        for part in &done.parts {
            let mut lines = self.payment.lines.iter_mut();
            let line = lines.find(|l| l.line.line_number == part.line_number).unwrap();
            line.refunded_minor += if is_reversal {
                -part.amount_minor
            } else {
                part.amount_minor
            };
            assert!((0..=line.owed_minor()).contains(&line.refunded_minor));
        }
        if done.operation == Operation::Increment {
            let number = i32::try_from(self.payment.lines.len()).unwrap() + 1;
            let added = OwedLine::new(line(number, done.amount_minor));
            self.payment.lines.push(added);
            self.payment.owed_minor += done.amount_minor;
            self.payment.amount_minor += done.amount_minor;
        }
    }

    /// What is known now of the operation in that place of the history.
    fn becomes(&mut self, place: usize, state: OperationState) {
        let refusal = self.refusal(state);
        let done = &mut self.history[place];
        let before = std::mem::replace(&mut done.state, state);
        done.refusal = refusal;
        assert!(before.may_become(state), "{before:?} -> {state:?}");
        if state == Succeeded {
            self.moved(place, false);
        } else if before == Succeeded {
            self.moved(place, true);
        }
    }

    /// The last refund that succeeded is told of as failed.
    fn refund_fails(&mut self) {
        let last = self.history.iter().rposition(|done| done.did(Refund));
        if let Some(place) = last {
            self.becomes(place, OperationState::Failed);
            self.keeps_the_rules();
        }
    }

    /// The first tender that holds something holds it for too long, as `ops::expire` finds it.
    fn run_out(&self) -> Option<Step> {
        let mut tenders = self.payment.tenders.iter();
        let tender = tenders.find(|tender| tender.amounts.held_minor() > 0)?;
        Some(Step {
            tender_number: tender.number,
            operation: Void,
            amount_minor: tender.amounts.held_minor(),
            cause: Cause::Expiry,
            connector: self.payment.connector,
            change_id: None,
            parts: Vec::new(),
            refusals: 0,
        })
    }

    /// Works until nothing is open and nothing left to do. What is said of an operation may be that its outcome is not
    /// known, and before it a refund may be told of as failed; once no more is said, all succeeds.
    fn comes_to_rest(
        &mut self,
        change: Option<&Change>,
        said: &mut impl Iterator<Item = (OperationState, bool)>,
    ) {
        for _ in 0..400 {
            let open = self.history.iter().position(|done| done.state.is_open());
            let step = next_step(&self.payment, &self.history, change);
            match (open, step) {
                (Some(place), step) => {
                    assert_eq!((self.status(), step), (PaymentStatus::Processing, None));
                    let (state, refund_fails) = said.next().unwrap_or((Succeeded, false));
                    if refund_fails {
                        self.refund_fails();
                    }
                    self.becomes(place, state);
                }
                (None, Some(step)) => self.end(step, OperationState::Sent),
                (None, None) => {
                    assert!(self.status().is_settled(), "{:?}", self.history);
                    return;
                }
            }
            self.keeps_the_rules();
        }
        unreachable!("it does not come to rest: {:?}", self.history);
    }

    /// What is open is reserved, as if it had succeeded.
    fn keeps_the_rules(&self) {
        let open = self.history.iter().filter(|done| done.state.is_open());
        let open: Vec<&Done> = open.collect();
        assert!(open.len() <= 1, "{open:?}");
        for tender in &self.payment.tenders {
            let t = tender.amounts;
            let reserved = |operations: &[Operation]| -> i64 {
                let of_tender = open.iter().filter(|done| done.tender_number == tender.number);
                let reserve = of_tender.filter(|done| operations.contains(&done.operation));
                reserve.map(|done| done.amount_minor).sum()
            };
            let used = t.captured_minor + t.voided_minor + reserved(&[Operation::Capture, Void]);
            let back = t.refunded_minor + reserved(&[Refund]);
            let least = t.captured_minor.min(t.voided_minor).min(t.refunded_minor);
            assert!(least >= 0, "{t:?}");
            assert!(used <= t.authorized_minor, "{t:?} {open:?}");
            assert!(back <= t.captured_minor, "{t:?} {open:?}");
            assert!(t.authorized_minor <= t.amount_minor, "{t:?}");
        }
    }

    fn status(&self) -> PaymentStatus {
        derive(&self.payment.amounts(), &self.history)
    }

    fn steps(&self) -> Vec<(i32, Operation, i64)> {
        let step = |done: &Done| (done.tender_number, done.operation, done.amount_minor);
        self.history.iter().map(step).collect()
    }
}

fn line(number: i32, price: i64) -> PaidLine {
    PaidLine {
        line_number: number,
        partner_id: PartnerId::generate(),
        category: String::new(),
        unit_price_minor: price,
        quantity: 1,
        shipping_minor: 0,
        tax_free_minor: 0,
        discounts: Vec::new(),
    }
}

fn change(command: Command, amount_minor: i64) -> Change {
    Change {
        id: ChangeId::generate(),
        command,
        amount_minor,
        parts: Vec::new(),
        tender_number: None,
    }
}

#[test]
fn one_tender_is_sold_at_once_and_several_are_held_before_any_is_taken() {
    for (capture, amounts, steps, status) in [
        (
            Capture::Automatic,
            vec![70],
            vec![(1, Sale, 70)],
            PaymentStatus::Completed,
        ),
        (
            Capture::Manual,
            vec![70],
            vec![(1, Authorize, 70)],
            PaymentStatus::Authorized,
        ),
        (
            Capture::Automatic,
            vec![70, 30, 0],
            vec![
                (1, Authorize, 70),
                (2, Authorize, 30),
                (3, Authorize, 0),
                (1, Operation::Capture, 70),
                (2, Operation::Capture, 30),
                (3, Operation::Capture, 0),
            ],
            PaymentStatus::Completed,
        ),
        (
            Capture::Manual,
            vec![70, 30],
            vec![(1, Authorize, 70), (2, Authorize, 30)],
            PaymentStatus::Authorized,
        ),
    ] {
        let mut made = Made::of(capture, &amounts);
        made.work(None, 20, |_| Succeeded);
        assert_eq!(
            (made.steps(), made.status()),
            (steps, status),
            "{capture:?} {amounts:?}"
        );
    }
}

#[test]
fn if_a_later_tender_fails_the_earlier_are_released() {
    let mut made = Made::of(Capture::Automatic, &[50, 30, 20]);
    made.work(None, 20, |step| {
        if step.tender_number == 3 {
            Declined
        } else {
            Succeeded
        }
    });
    let expected = [
        (1, Authorize, 50),
        (2, Authorize, 30),
        (3, Authorize, 20),
        (2, Void, 30),
        (1, Void, 50),
    ];
    assert_eq!(made.steps(), expected);
    assert_eq!(made.status(), PaymentStatus::Failed);
    assert!(!is_complete(&made.payment.amounts(), &made.history));
}

#[test]
fn if_a_later_capture_fails_what_was_taken_goes_back_however_often_that_is_refused() {
    let mut made = Made::of(Capture::Automatic, &[50, 30]);
    let mut refusals = Vec::new();
    made.work(None, 20, |step| {
        match (step.cause, step.operation, step.tender_number) {
            (Cause::Order, Operation::Capture, 2) => Declined,
            (Cause::Release, Refund, _) if step.refusals < 3 => {
                refusals.push(step.refusals);
                Declined
            }
            _ => Succeeded,
        }
    });
    assert_eq!(refusals, [0, 1, 2]);
    assert_eq!(made.steps().last(), Some(&(1, Refund, 50)));
    assert_eq!(made.status(), PaymentStatus::Failed);
    assert_eq!(made.payment.sum(TenderAmounts::kept_minor), 0);
}

#[test]
fn a_release_that_is_refused_keeps_no_other_one_waiting() {
    let mut made = Made::of(Capture::Automatic, &[50, 30, 20]);
    made.work(None, 20, |step| {
        match (step.cause, step.operation, step.tender_number) {
            (Cause::Order, Operation::Capture, 3) => Declined,
            (Cause::Release, Refund, 2) if step.refusals < 2 => Declined,
            _ => Succeeded,
        }
    });
    let expected = [
        (3, Void, 20),
        (2, Refund, 30),
        (1, Refund, 50),
        (2, Refund, 30),
        (2, Refund, 30),
    ];
    assert!(made.steps().ends_with(&expected), "{:?}", made.steps());
    assert_eq!(made.payment.sum(TenderAmounts::kept_minor), 0);
}

#[test]
fn a_refund_takes_the_tenders_in_the_order_that_was_settled_beforehand() {
    let mut made = Made::of(Capture::Automatic, &[50, 30, 20]);
    made.work(None, 20, |_| Succeeded);
    made.history.clear();
    for (amount, steps) in [
        (25, vec![(3, Refund, 20), (2, Refund, 5)]),
        (30, vec![(2, Refund, 25), (1, Refund, 5)]),
        (45, vec![(1, Refund, 45)]),
    ] {
        let before = made.history.len();
        made.work(Some(&change(Command::Refund, amount)), 20, |_| Succeeded);
        assert_eq!(made.steps()[before..], steps, "{amount}");
    }
    assert!(made.payment.lines.iter().all(|line| line.left_minor() == 0));
}

#[test]
fn lines_that_a_caller_named_give_back_no_more_than_a_dispute_left_of_them_meanwhile() {
    // Lines of 54 and 26, tenders of 50 and 30; the last tender gives back first.
    for (disputed, steps, back) in [
        (0, vec![(2, Refund, 30), (1, Refund, 44)], [54, 20]),
        (10, vec![(2, Refund, 30), (1, Refund, 40)], [54, 16]),
        (26, vec![(2, Refund, 30), (1, Refund, 24)], [54, 0]),
    ] {
        let mut made = Made::of(Capture::Automatic, &[50, 30]);
        made.work(None, 20, |_| Succeeded);
        made.history.clear();
        let part = |line_number, amount_minor| Part {
            line_number,
            amount_minor,
        };
        let refund = Change {
            parts: vec![part(1, 54), part(2, 20)],
            ..change(Command::Refund, 74)
        };
        made.work(Some(&refund), 1, |_| Succeeded);
        made.payment.lines[1].disputed_minor = disputed;
        made.work(Some(&refund), 20, |_| Succeeded);
        let gave: Vec<i64> = made
            .payment
            .lines
            .iter()
            .map(|line| line.refunded_minor)
            .collect();
        assert_eq!((made.steps(), gave), (steps, back.to_vec()), "{disputed}");
    }
}

#[test]
fn a_change_ends_with_its_first_refusal() {
    let mut made = Made::of(Capture::Manual, &[50, 30]);
    made.work(None, 20, |_| Succeeded);
    made.work(Some(&change(Command::Capture, 80)), 20, |step| {
        match step.tender_number {
            1 => Succeeded,
            _ => Declined,
        }
    });
    assert_eq!(made.status(), PaymentStatus::PartiallyCaptured);
    made.work(Some(&change(Command::Void, 30)), 20, |_| Succeeded);
    assert_eq!(made.status(), PaymentStatus::Completed);
}

/// Who was asked for what, and why, in their order.
fn course(made: &Made) -> Vec<(ConnectorName, Operation, Cause)> {
    let asked = |done: &Done| (done.connector.unwrap(), done.operation, done.cause);
    made.history.iter().map(asked).collect()
}

const BOTH: &[ConnectorName] = &[Stripe, Simulator];

#[test]
fn what_one_connector_refuses_is_offered_to_the_next() {
    use Operation::Capture as Take;
    for (capture, amounts, expected, status) in [
        (
            Capture::Automatic,
            vec![70],
            vec![(Stripe, Sale, Cause::Order), (Simulator, Sale, Cause::Fallback)],
            PaymentStatus::Completed,
        ),
        (
            Capture::Manual,
            vec![70],
            vec![
                (Stripe, Authorize, Cause::Order),
                (Simulator, Authorize, Cause::Fallback),
            ],
            PaymentStatus::Authorized,
        ),
        // The first tender takes all others with it.
        (
            Capture::Automatic,
            vec![70, 30],
            vec![
                (Stripe, Authorize, Cause::Order),
                (Simulator, Authorize, Cause::Fallback),
                (Simulator, Authorize, Cause::Order),
                (Simulator, Take, Cause::Order),
                (Simulator, Take, Cause::Order),
            ],
            PaymentStatus::Completed,
        ),
    ] {
        for refusal in [Declined, OperationState::Failed] {
            let mut made = Made::routed(capture, &amounts, BOTH);
            made.work(None, 20, |step| match step.connector {
                Stripe => refusal,
                _ => Succeeded,
            });
            assert_eq!(
                (course(&made), made.status()),
                (expected.clone(), status),
                "{capture:?} {amounts:?}"
            );
            assert!(
                made.history.iter().all(
                    |done| done.amount_minor == amounts[usize::try_from(done.tender_number).unwrap() - 1]
                )
            );
        }
    }
}

#[test]
fn between_a_refusal_and_the_next_connector_a_payment_is_in_motion_and_has_not_failed() {
    let mut made = Made::routed(Capture::Automatic, &[70], BOTH);
    made.work(None, 1, |_| Declined);
    let step = next_step(&made.payment, &made.history, None).unwrap();
    for state in [
        OperationState::Sent,
        OperationState::Unknown,
        OperationState::Created,
    ] {
        let mut next = Made {
            payment: made.payment.clone(),
            history: made.history.clone(),
            code: made.code,
        };
        next.end(step.clone(), state);
        assert_eq!(next.status(), PaymentStatus::Processing, "{state:?}");
        // Whatever crashes now, nothing else begins.
        assert_eq!(next_step(&next.payment, &next.history, None), None, "{state:?}");
    }
}

#[test]
fn when_all_have_refused_the_payment_has_failed_for_what_the_last_one_said() {
    let mut made = Made::routed(Capture::Automatic, &[70], BOTH);
    made.work(None, 1, |_| Declined);
    made.code = "card_declined";
    made.work(None, 20, |_| Declined);
    assert_eq!(course(&made).len(), 2);
    assert_eq!(made.status(), PaymentStatus::Failed);
    let last = given_up(&made.history).unwrap();
    assert_eq!(last.refusal.as_ref().unwrap().code, "card_declined");
    // The buyer who gives up at the second one has given up the payment.
    let mut made = Made::routed(Capture::Automatic, &[70], BOTH);
    made.work(None, 1, |_| Declined);
    made.work(None, 1, |_| OperationState::Canceled);
    assert_eq!(made.status(), PaymentStatus::Canceled);
}

#[test]
fn nobody_else_is_asked_where_the_answer_would_be_the_same_or_is_not_known() {
    for (code, state) in [
        ("stolen_card", Declined),
        ("insufficient_funds", Declined),
        ("expired_card", Declined),
        ("no", Declined),
        ("do_not_honor", OperationState::Canceled),
        ("do_not_honor", OperationState::Expired),
        ("do_not_honor", OperationState::Unknown),
        ("do_not_honor", OperationState::RequiresAction),
    ] {
        let mut made = Made::routed(Capture::Automatic, &[70], BOTH);
        made.code = code;
        made.work(None, 20, |_| state);
        assert_eq!(course(&made), [(Stripe, Sale, Cause::Order)], "{code} {state:?}");
    }
}

#[test]
fn nobody_else_is_asked_where_the_caller_named_the_connector_or_no_one_is_left() {
    for route in [&[][..], &[Stripe][..], &[Simulator, Stripe][..]] {
        let mut made = Made::routed(Capture::Automatic, &[70], BOTH);
        made.payment.route = route.to_vec();
        made.work(None, 20, |_| Declined);
        assert_eq!(made.history.len(), 1, "{route:?}");
        assert_eq!(made.status(), PaymentStatus::Failed, "{route:?}");
    }
}

#[test]
fn once_a_connector_holds_something_the_payment_stays_with_it() {
    // Of nothing too: it has the payment.
    for amounts in [[70, 30], [0, 30]] {
        let mut made = Made::routed(Capture::Automatic, &amounts, BOTH);
        made.work(None, 20, |step| match step.tender_number {
            2 => Declined,
            _ => Succeeded,
        });
        assert!(
            made.history.iter().all(|done| done.connector == Some(Stripe)),
            "{amounts:?}"
        );
        assert_eq!(made.status(), PaymentStatus::Failed, "{amounts:?}");
        assert_eq!(made.payment.sum(TenderAmounts::held_minor), 0);
    }
    // So does one whose capture, or refund, is refused.
    let mut made = Made::routed(Capture::Manual, &[70], BOTH);
    made.work(None, 20, |_| Succeeded);
    made.work(Some(&change(Command::Capture, 70)), 20, |_| Declined);
    assert_eq!(made.status(), PaymentStatus::Authorized);
    made.work(Some(&change(Command::Capture, 70)), 20, |_| Succeeded);
    made.work(Some(&change(Command::Refund, 70)), 20, |_| Declined);
    assert!(made.history.iter().all(|done| done.connector == Some(Stripe)));
}

/// What happens to a payment that is at rest.
#[derive(Debug, Clone)]
enum Happens {
    /// A caller asks for that much.
    Asked(Command, i64),
    /// What is held was held for too long.
    RunsOut,
    /// A refund that had succeeded failed.
    RefundFails,
}

fn happens() -> impl Strategy<Value = Happens> {
    let commands = [
        Command::Capture,
        Command::Void,
        Command::Refund,
        Command::Refund,
        Command::Increment,
    ];
    let asked = (prop::sample::select(commands.to_vec()), 0_i64..300);
    prop_oneof![
        5 => asked.prop_map(|(command, amount)| Happens::Asked(command, amount)),
        1 => Just(Happens::RunsOut),
        2 => Just(Happens::RefundFails),
    ]
}

/// What a connector says of an operation, and whether it says before that a refund failed.
fn said() -> impl Strategy<Value = (OperationState, bool)> {
    use OperationState::{Failed, Unknown};
    let states = vec![
        Succeeded, Succeeded, Succeeded, Declined, Failed, Unknown, Unknown,
    ];
    (prop::sample::select(states), prop::bool::weighted(0.1))
}

proptest! {
    /// Whatever is asked for and whatever a connector says, at once, later, or otherwise than before, crashes between the
    /// steps included (a plan is made anew from what is written at every step): the rules hold at every step, the payment
    /// comes to rest, and one that failed keeps nothing of the buyer's.
    #[test]
    fn no_course_of_events_breaks_the_rules(
        is_manual in any::<bool>(),
        is_routed in any::<bool>(),
        amounts in prop::collection::vec(0_i64..100, 1..4),
        happened in prop::collection::vec(happens(), 0..10),
        said in prop::collection::vec(said(), 60),
    ) {
        let capture = if is_manual { Capture::Manual } else { Capture::Automatic };
        let mut made = if is_routed {
            Made::routed(capture, &amounts, BOTH)
        } else {
            Made::of(capture, &amounts)
        };
        let mut said = said.into_iter();
        made.comes_to_rest(None, &mut said);
        for happens in happened {
            match happens {
                Happens::Asked(command, amount) => {
                    let most = match command {
                        Command::Increment => amount,
                        Command::Refund => made.payment.sum(TenderAmounts::kept_minor),
                        _ => made.payment.sum(TenderAmounts::held_minor),
                    };
                    if !command.is_allowed_in(made.status()) || most == 0 { continue }
                    let change = Change {
                        tender_number: (command == Command::Increment).then_some(1),
                        ..change(command, amount.min(most))
                    };
                    made.comes_to_rest(Some(&change), &mut said);
                }
                Happens::RunsOut => {
                    let Some(step) = made.run_out() else { continue };
                    made.end(step, OperationState::Sent);
                    made.keeps_the_rules();
                    made.comes_to_rest(None, &mut said);
                }
                Happens::RefundFails => {
                    made.refund_fails();
                    made.comes_to_rest(None, &mut said);
                }
            }
        }
        // Money is with one connector alone, which is the payment's.
        let moved = made.history.iter().filter(|done| done.state == Succeeded);
        prop_assert!(moved.into_iter().all(|done| done.connector == Some(made.payment.connector)));
        let refunded: i64 = made.payment.lines.iter().map(|l| l.refunded_minor).sum();
        let given_back: i64 = made.history.iter()
            .filter(|d| d.did(Refund) && d.cause == Cause::Caller).map(|d| d.amount_minor).sum();
        prop_assert_eq!(refunded, given_back);
        match made.status() {
            PaymentStatus::Failed => {
                prop_assert_eq!(made.payment.sum(TenderAmounts::held_minor), 0);
                prop_assert_eq!(made.payment.sum(TenderAmounts::kept_minor), 0);
            }
            PaymentStatus::Completed => prop_assert!(is_complete(&made.payment.amounts(), &made.history)),
            PaymentStatus::Authorized => prop_assert!(!took(&made.history)),
            PaymentStatus::Requested | PaymentStatus::Processing => prop_assert!(false, "{:?}", made.history),
            _ => {}
        }
    }
}
