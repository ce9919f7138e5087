//! What is asked of a payment that exists: captured, let go, given back, enlarged, given up.

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::Caller;
use contracts::events::PaidLine;
use ids::{ChangeId, PaymentId};
use once::KeyedRequest;

use super::tasks::task_of;
use super::{Answered, Begun, Keeping, Payments, answer_of, count, keep};
use crate::connectors::Task;
use crate::domain::amounts::{LARGEST_MINOR, MOST_LINES, line_amounts, total};
use crate::domain::plan::next_step;
use crate::domain::status::derive;
use crate::domain::{Change, Command, Done, Ending, OperationState, OwedLine, Part, Payment, TenderAmounts};
use crate::error::{Error, Room};
use crate::store::changes::Asked;
use crate::store::{changes, payments, reading, transactions};

/// A command for a payment that exists.
#[derive(Debug, Clone)]
pub struct ChangeRequest {
    /// Who asks.
    pub caller: Caller,
    /// Under which key.
    pub key: KeyedRequest,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// What.
    pub asks: Asks,
    /// Why, if the caller says so.
    pub reason: Option<String>,
}

/// What is asked, with what that takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// Take this much of what is held; none: all of it.
    Capture(Option<i64>),
    /// Let go of what is held.
    Void,
    /// Give back this much of what was taken; none: all of it. Of these lines, or of all.
    Refund(Option<i64>, Vec<Part>),
    /// Hold as much more as these lines are owed for; on that tender, where there are several.
    Increment(Vec<PaidLine>, Option<i32>),
    /// Give up while the buyer has not paid yet.
    Cancel,
}

impl Asks {
    const fn command(&self) -> Command {
        match self {
            Self::Capture(_) => Command::Capture,
            Self::Void => Command::Void,
            Self::Refund(..) => Command::Refund,
            Self::Increment(..) => Command::Increment,
            Self::Cancel => Command::Cancel,
        }
    }
}

impl Payments {
    /// Carries a command out. Of several at once exactly one goes on; the others are told where the payment stands.
    pub async fn change(&self, request: ChangeRequest) -> Result<Answered, Error> {
        if let Some(answer) = self.0.hints.get(&request.key).await {
            return Ok(Answered::replay(answer));
        }
        let payment_id = request.payment_id;
        if let Asks::Increment(lines, _) = &request.asks {
            // Before the transaction: the partner service may have to be asked.
            let currency = self.one(payment_id).await?.currency;
            if let Err(refusal) = self.check_partners((currency, lines)).await? {
                return self.unless_answered(&request.key, refusal, 200).await;
            }
        }
        let now = self.now();
        let (mut work, granted) = match self.begin_keyed(&request.key, now, 200).await? {
            Begun::New(work, granted) => (work, granted),
            Begun::Told(answered) => return Ok(answered),
        };
        let payment = reading::lock(work.conn(), payment_id)
            .await?
            .ok_or(Error::NotFound(payment_id))?;
        let history = transactions::of_payment(work.conn(), payment_id).await?;
        let command = request.asks.command();
        if !command.is_allowed_in(payment.status) {
            return Err(Error::NotAllowed {
                payment_id,
                status: payment.status,
                command,
            });
        }
        let asked = asked(&request, &payment)?;
        changes::insert(work.conn(), payment_id, &asked, now).await?;
        once::subject(work.conn(), &granted, &payment_id.to_string()).await?;
        let keeping = Keeping {
            key: &request.key,
            granted: &granted,
            done: 200,
        };
        if command == Command::Cancel {
            return self.cancel(work, payment, history, keeping, now).await;
        }
        let task = self
            .start(&mut work, payment, history, &asked.change, now)
            .await?;
        work.commit().await?;
        self.perform(task, Some(keeping)).await
    }

    /// Begins the first operation of a change.
    async fn start(
        &self,
        work: &mut Work,
        mut payment: Payment,
        mut history: Vec<Done>,
        change: &Change,
        now: DateTime<Utc>,
    ) -> Result<Task, Error> {
        let payment_id = payment.id;
        let nothing = || Error::Broken {
            payment_id,
            rule: "a change that has room has a first operation".to_owned(),
        };
        let step = next_step(&payment, &history, Some(change)).ok_or_else(nothing)?;
        let task = self
            .begin(work, &mut payment, &mut history, step, now)
            .await?
            .ok_or_else(nothing)?;
        payment.status = derive(&payment.amounts(), &history);
        payments::update(work.conn(), &payment, now).await?;
        Ok(task)
    }

    /// Gives up what was not sent yet at once, and what waits for the buyer by asking the connector.
    async fn cancel(
        &self,
        mut work: Work,
        mut payment: Payment,
        mut history: Vec<Done>,
        keeping: Keeping<'_>,
        now: DateTime<Utc>,
    ) -> Result<Answered, Error> {
        let payment_id = payment.id;
        let gone = || Error::NotNow(format!("{payment_id} moves just now"));
        let open = history
            .iter()
            .position(|done| done.state.is_open())
            .ok_or_else(gone)?;
        let done = history.get_mut(open).ok_or_else(gone)?;
        if done.state == OperationState::Created {
            return self.cancel_unsent(work, payment, keeping, now).await;
        }
        let until = now + self.lease() + self.0.connectors.deadline();
        let attempt = transactions::give_up(work.conn(), done.id, Ending::Canceled, until, now)
            .await?
            .ok_or_else(gone)?;
        done.is_ending = true;
        done.attempts = attempt;
        let done = done.clone();
        let task = Task {
            ending: Some(Ending::Canceled),
            ..task_of(&payment, &history, &done)
        };
        payment.status = derive(&payment.amounts(), &history);
        payments::update(work.conn(), &payment, now).await?;
        work.commit().await?;
        self.settle(task, Some(keeping)).await
    }

    /// Gives up a payment that nobody has begun to work on: no connector has heard of it.
    async fn cancel_unsent(
        &self,
        mut work: Work,
        mut payment: Payment,
        keeping: Keeping<'_>,
        now: DateTime<Utc>,
    ) -> Result<Answered, Error> {
        let refusal = Ending::Canceled.refusal();
        let history = transactions::of_payment(work.conn(), payment.id).await?;
        for done in history
            .iter()
            .filter(|done| done.state == OperationState::Created)
        {
            let canceled = OperationState::Canceled;
            if !transactions::end(work.conn(), done.id, canceled, None, Some(&refusal), now).await? {
                return Err(Error::NotNow(format!("{} was just begun", payment.id)));
            }
        }
        let history = transactions::of_payment(work.conn(), payment.id).await?;
        payment.status = derive(&payment.amounts(), &history);
        payment.failure = Some(refusal);
        payments::update(work.conn(), &payment, now).await?;
        let answer = answer_of(&payment, keeping.done)?;
        keep(&mut work, keeping.granted, &answer).await?;
        work.commit().await?;
        count(&payment);
        self.0.hints.put(keeping.key, &answer).await;
        Ok(Answered::first(answer))
    }
}

/// The change that is asked for, checked against what there is room for.
fn asked(request: &ChangeRequest, payment: &Payment) -> Result<Asked, Error> {
    let payment_id = payment.id;
    let beyond = |room: Room| Error::Beyond { payment_id, room };
    let (mut parts, mut added, mut tender_number) = (Vec::new(), Vec::new(), None);
    let within = |wanted: Option<i64>, most: i64, room: fn(i64) -> Room| match wanted {
        Some(minor) if minor > most => Err(beyond(room(most))),
        // Nothing is left: for a payment of 0 that is all of it.
        _ if most == 0 && payment.amount_minor > 0 => Err(beyond(room(0))),
        wanted => Ok(wanted.unwrap_or(most)),
    };
    let amount_minor = match &request.asks {
        Asks::Capture(wanted) => within(*wanted, payment.sum(TenderAmounts::held_minor), Room::Held)?,
        Asks::Void => within(None, payment.sum(TenderAmounts::held_minor), Room::Held)?,
        Asks::Refund(wanted, named) => {
            fit(&payment.lines, named).map_err(beyond)?;
            parts.clone_from(named);
            let named_minor = total(named.iter().map(|part| part.amount_minor));
            let wanted = if named.is_empty() {
                *wanted
            } else {
                named_minor.or(Some(i64::MAX))
            };
            let room: fn(i64) -> Room = if named.is_empty() {
                Room::Kept
            } else {
                Room::KeptOfLines
            };
            within(wanted, payment.sum(TenderAmounts::kept_minor), room)?
        }
        Asks::Increment(lines, number) => {
            added = numbered(lines, payment.lines.len());
            grown(payment, &added)?;
            tender_number = Some(tender_of(payment, *number)?);
            total(
                added
                    .iter()
                    .map(|line| line_amounts(line).map_or(0, |amounts| amounts.owed)),
            )
            .unwrap_or(i64::MAX)
        }
        Asks::Cancel => 0,
    };
    Ok(Asked {
        change: Change {
            id: ChangeId::generate(),
            command: request.asks.command(),
            amount_minor,
            parts,
            tender_number,
        },
        added,
        reason: request.reason.clone(),
        requested_by: request.caller.id.clone(),
    })
}

/// Whether the lines have as much left as is to go back of them.
fn fit(lines: &[OwedLine], named: &[Part]) -> Result<(), Room> {
    for (place, part) in named.iter().enumerate() {
        let line = lines
            .iter()
            .find(|line| line.line.line_number == part.line_number);
        let left_minor = line.map(OwedLine::left_minor).ok_or(Room::NoLine(place))?;
        if part.amount_minor > left_minor {
            return Err(Room::Line(place, left_minor));
        }
    }
    Ok(())
}

/// The lines, numbered on from those that are there.
fn numbered(lines: &[PaidLine], there: usize) -> Vec<PaidLine> {
    let first = i32::try_from(there).unwrap_or(i32::MAX).saturating_add(1);
    (first..)
        .zip(lines)
        .map(|(line_number, line)| PaidLine {
            line_number,
            ..line.clone()
        })
        .collect()
}

/// Whether the payment is still one with these lines.
fn grown(payment: &Payment, added: &[PaidLine]) -> Result<(), Error> {
    let there = payment.lines.iter().map(|line| &line.line);
    let payable = |line: &PaidLine| line_amounts(line).map_or(LARGEST_MINOR, |amounts| amounts.payable);
    let sum = total(there.chain(added).map(payable));
    let room = if payment.lines.len().saturating_add(added.len()) > MOST_LINES {
        Room::Lines(MOST_LINES.saturating_sub(payment.lines.len()))
    } else if sum.is_none_or(|sum| sum > LARGEST_MINOR) {
        Room::Total
    } else {
        return Ok(());
    };
    Err(Error::Beyond {
        payment_id: payment.id,
        room,
    })
}

/// The tender that grows: the one that is named, or the only one.
fn tender_of(payment: &Payment, named: Option<i32>) -> Result<i32, Error> {
    let room = Room::NoTender(payment.tenders.len());
    let found = match (named, payment.tenders.as_slice()) {
        (Some(number), _) => payment.tender(number).map(|tender| tender.number),
        (None, [only]) => Some(only.number),
        (None, _) => None,
    };
    found.ok_or(Error::Beyond {
        payment_id: payment.id,
        room,
    })
}
