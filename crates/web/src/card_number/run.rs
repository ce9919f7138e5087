//! A run of digits: groups with little between them.

use std::ops::Range;

use super::issuers::is_issued;
use super::{LONGEST, SHORTEST};

/// Digits that stand side by side.
#[derive(Debug, Clone)]
struct Group {
    /// Where in the text.
    bytes: Range<usize>,
    /// Which digits of the run.
    digits: Range<usize>,
}

/// Groups of digits with at most [`super::GAP`] separators from one to the next.
pub(super) struct Run<'t> {
    text: &'t str,
    digits: Vec<u8>,
    groups: Vec<Group>,
    /// A letter stands right before it.
    pub(super) is_glued_before: bool,
    /// A letter stands right after it.
    pub(super) is_glued_after: bool,
}

/// How the groups of a number are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Not at all.
    Solid,
    /// As numbers are printed on cards, with the same between all of them.
    Printed,
    /// Into groups of one size, the last of which may be shorter.
    Even,
    /// In another way.
    Odd,
}

impl<'t> Run<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            digits: Vec::new(),
            groups: Vec::new(),
            is_glued_before: false,
            is_glued_after: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Adds a digit that stands at `bytes`, to the last group or as the first of another.
    pub(super) fn push(&mut self, digit: u8, bytes: Range<usize>, is_apart: bool) {
        self.digits.push(digit);
        let end = self.digits.len();
        match self.groups.last_mut() {
            Some(group) if !is_apart => {
                group.bytes.end = bytes.end;
                group.digits.end = end;
            }
            _ => self.groups.push(Group {
                bytes,
                digits: end - 1..end,
            }),
        }
    }

    /// Where the first card number in it stands; of those that begin there the longest.
    pub(super) fn number(&self) -> Option<Range<usize>> {
        for from in 0..self.groups.len() {
            let mut longest = None;
            for through in from..self.groups.len() {
                let groups = self.groups.get(from..=through)?;
                let (first, last) = (groups.first()?, groups.last()?);
                let length = last.digits.end - first.digits.start;
                if length > LONGEST {
                    break;
                }
                let bytes = first.bytes.start..last.bytes.end;
                if length >= SHORTEST && self.is_number(from, through, groups) && !self.is_in_uuid(&bytes) {
                    longest = Some(bytes);
                }
            }
            if longest.is_some() {
                return longest;
            }
        }
        None
    }

    fn is_number(&self, from: usize, through: usize, groups: &[Group]) -> bool {
        let is_first = from == 0;
        let is_last = through + 1 == self.groups.len();
        if is_first && self.is_glued_before || is_last && self.is_glued_after {
            return false;
        }
        // First what rules most out.
        let Some(digits) = self.digits_of(groups).filter(|digits| is_issued(digits)) else {
            return false;
        };
        let is_whole = is_first && is_last;
        match self.cut(groups) {
            Cut::Solid => true,
            Cut::Printed => is_whole || !self.goes_on(from, through, groups),
            Cut::Even => is_whole,
            // Accounts at banks and the like have 13 or 14 digits, cut in every way; one in ten has a right check digit.
            Cut::Odd => is_whole && matches!(digits.len(), 15 | 16),
        }
    }

    fn digits_of(&self, groups: &[Group]) -> Option<&[u8]> {
        let range = groups.first()?.digits.start..groups.last()?.digits.end;
        self.digits.get(range)
    }

    fn cut(&self, groups: &[Group]) -> Cut {
        let sizes: Vec<usize> = groups.iter().map(|group| group.digits.len()).collect();
        let Some((last, others)) = sizes.split_last() else {
            return Cut::Odd;
        };
        let Some(first) = others.first() else {
            return Cut::Solid;
        };
        let is_even = others.iter().all(|size| size == first) && last <= first;
        let is_printed = matches!(
            sizes.as_slice(),
            [4, 4 | 6, 4 | 5] | [4, 4, 4, 1..=5] | [4, 4, 4, 4, 1..=3] | [6, 10 | 13]
        );
        let mut gaps = groups.windows(2).map(|pair| self.between(pair));
        let first_gap = gaps.next();
        match (is_printed && gaps.all(|gap| Some(gap) == first_gap), is_even) {
            (true, _) => Cut::Printed,
            (false, true) => Cut::Even,
            (false, false) => Cut::Odd,
        }
    }

    fn between(&self, pair: &[Group]) -> &'t str {
        match pair {
            [one, other] => self
                .text
                .get(one.bytes.end..other.bytes.start)
                .unwrap_or_default(),
            _ => "",
        }
    }

    /// Whether the groups before or after are cut alike, so that they are groups of one longer number. A year and month
    /// after a number are none, though they have four digits too.
    fn goes_on(&self, from: usize, through: usize, groups: &[Group]) -> bool {
        let Some(gap) = groups.get(..2).map(|pair| self.between(pair)) else {
            return false;
        };
        let size = |group: &Group| group.digits.len();
        let (first, last) = (groups.first().map(size), groups.last().map(size));
        let alike =
            |pair: &[Group], group: &Group, beside| Some(size(group)) == beside && self.between(pair) == gap;
        let before = from
            .checked_sub(1)
            .and_then(|at| self.groups.get(at..=from))
            .is_some_and(|pair| pair.first().is_some_and(|group| alike(pair, group, first)));
        let after = self.groups.get(through..=through + 1).is_some_and(|pair| {
            first == last
                && pair
                    .last()
                    .is_some_and(|group| alike(pair, group, last) && !self.is_expiry(group))
        });
        before || after
    }

    /// Whether it is a month and a year, as in 1230.
    fn is_expiry(&self, group: &Group) -> bool {
        match self.digits.get(group.digits.clone()) {
            Some([month_tens, month, year_tens, _]) => {
                (1..=12).contains(&(month_tens * 10 + month)) && (2..=4).contains(year_tens)
            }
            _ => false,
        }
    }

    /// Whether it is a part of a UUID.
    fn is_in_uuid(&self, bytes: &Range<usize>) -> bool {
        let is_part = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
        let (before, after) = (
            self.text.as_bytes().get(..bytes.start).unwrap_or_default(),
            self.text.as_bytes().get(bytes.end..).unwrap_or_default(),
        );
        let begin = bytes.start - before.iter().rev().take_while(|b| is_part(b)).count();
        let end = bytes.end + after.iter().take_while(|b| is_part(b)).count();
        self.text.get(begin..end).is_some_and(|token| {
            let lengths: Vec<usize> = token.split('-').map(str::len).collect();
            lengths == [8, 4, 4, 4, 12]
        })
    }
}
