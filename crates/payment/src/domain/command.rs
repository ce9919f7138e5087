//! What a caller may ask of a payment that exists, and when.

use super::operation::Operation;
use super::status::PaymentStatus;
use super::words::words;

words! {
    /// What a caller may ask of a payment that exists.
    Command {
        /// Take some of what is held.
        Capture = "capture",
        /// Let go of what is held and was not taken.
        Void = "void",
        /// Give back some of what was taken.
        Refund = "refund",
        /// Hold more, for more lines.
        Increment = "increment",
        /// Give up while the buyer has not paid yet.
        Cancel = "cancel",
        /// Say what became of an operation whose connector does not.
        Resolve = "resolve",
    }
}

impl Command {
    /// The whole table of statuses and commands. Within it, amounts decide: a refund needs something that was kept.
    ///
    /// While an operation is open (`processing`) nothing starts beside it: whatever it comes to would be missing from
    /// what the second one was allowed by.
    pub const fn is_allowed_in(self, status: PaymentStatus) -> bool {
        use PaymentStatus::{
            Authorized, Canceled, Completed, Expired, Failed, PartiallyCaptured, PartiallyRefunded,
            Processing, Refunded, Requested, RequiresAction, Voided,
        };
        match status {
            Requested | RequiresAction => matches!(self, Self::Cancel),
            Processing => matches!(self, Self::Resolve),
            Authorized => matches!(self, Self::Capture | Self::Void | Self::Increment),
            PartiallyCaptured => {
                matches!(self, Self::Capture | Self::Void | Self::Refund | Self::Increment)
            }
            Completed => matches!(self, Self::Refund),
            // What is still held may be taken or let go, whatever was given back of the rest.
            PartiallyRefunded => matches!(self, Self::Capture | Self::Void | Self::Refund),
            Refunded => matches!(self, Self::Capture | Self::Void),
            Failed | Expired | Canceled | Voided => false,
        }
    }

    /// The statuses in which it may be asked for.
    pub fn allowed_in(self) -> Vec<&'static str> {
        let allowed = PaymentStatus::ALL
            .iter()
            .filter(|status| self.is_allowed_in(**status));
        allowed.map(|status| status.as_str()).collect()
    }

    /// What is asked of the connector for it; none where it is about an operation that is there already.
    pub const fn operation(self) -> Option<Operation> {
        match self {
            Self::Capture => Some(Operation::Capture),
            Self::Void => Some(Operation::Void),
            Self::Refund => Some(Operation::Refund),
            Self::Increment => Some(Operation::Increment),
            Self::Cancel | Self::Resolve => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by hand, not read from the table.
    const ALLOWED: &str = "
        .                   capture void refund increment cancel resolve
        requested           .       .    .      .         x      .
        requires_action     .       .    .      .         x      .
        processing          .       .    .      .         .      x
        authorized          x       x    .      x         .      .
        partially_captured  x       x    x      x         .      .
        completed           .       .    x      .         .      .
        partially_refunded  x       x    x      .         .      .
        refunded            x       x    .      .         .      .
        failed              .       .    .      .         .      .
        expired             .       .    .      .         .      .
        canceled            .       .    .      .         .      .
        voided              .       .    .      .         .      .
    ";

    #[test]
    fn every_command_is_allowed_exactly_where_it_makes_sense() {
        let cells = super::super::grid::cells(ALLOWED);
        assert_eq!(cells.len(), PaymentStatus::ALL.len() * Command::ALL.len());
        for (status, command, expected) in cells {
            let status: PaymentStatus = status.parse().unwrap();
            let command: Command = command.parse().unwrap();
            assert_eq!(
                command.is_allowed_in(status),
                expected == "x",
                "{command:?} in {status:?}"
            );
        }
    }
}
