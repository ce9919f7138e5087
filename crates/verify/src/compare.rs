//! Events against what became of them: two sorted streams, read side by side.

use std::cmp::Ordering;

use uuid::Uuid;

use crate::VerifyError;
use crate::names;
use crate::published::{Fate, Published, Stories, Story};
use crate::report::Check;
use crate::snapshot::{Rows, Snapshot};

/// What stands in a table, a text a thing, in the order of their identifiers.
#[derive(Debug)]
pub(crate) struct States {
    rows: Rows<(String, String)>,
}

impl States {
    /// The answer of `sql`: two texts, the identifier (in either form) and what stands there.
    pub(crate) async fn of(snapshot: &Snapshot, what: &str, sql: &str) -> Result<Self, VerifyError> {
        Ok(Self {
            rows: snapshot.stream(what, sql).await?,
        })
    }

    async fn next(&mut self, check: &mut Check) -> Result<Option<(Uuid, String)>, VerifyError> {
        while let Some((key, text)) = self.rows.next().await? {
            if let Some(id) = names::uuid_of(&key) {
                return Ok(Some((id, text)));
            }
            check.found(vec![key], "this is no identifier");
        }
        Ok(None)
    }
}

/// Hands every thing to `judge`, with its story where one is told and its state where there is one.
pub(crate) async fn side_by_side<J>(
    check: &mut Check,
    mut stories: Stories,
    mut states: States,
    mut judge: J,
) -> Result<(), VerifyError>
where
    J: FnMut(&mut Check, Uuid, Option<&Story>, Option<&str>),
{
    let mut story = stories.next().await?;
    let mut state = states.next(check).await?;
    loop {
        let order = match (&story, &state) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(told), Some((id, _))) => told.id.cmp(id),
        };
        check.examined += 1;
        match order {
            Ordering::Less => {
                if let Some(told) = &story {
                    judge(check, told.id, Some(told), None);
                }
            }
            Ordering::Greater => {
                if let Some((id, text)) = &state {
                    judge(check, *id, None, Some(text));
                }
            }
            Ordering::Equal => {
                if let (Some(told), Some((id, text))) = (&story, &state) {
                    judge(check, *id, Some(told), Some(text));
                }
            }
        }
        if order != Ordering::Greater {
            story = stories.next().await?;
        }
        if order != Ordering::Less {
            state = states.next(check).await?;
        }
    }
}

/// Checks that what stands in a table is exactly what `fold` makes of the events that were handled; `fold` says none
/// where they leave nothing. `prefix` is that of the identifiers.
pub(crate) async fn agree<F>(
    check: &mut Check,
    prefix: &str,
    stories: Stories,
    states: States,
    mut fold: F,
) -> Result<(), VerifyError>
where
    F: FnMut(&[&Published]) -> Result<Option<String>, String>,
{
    side_by_side(check, stories, states, |check, id, story, state| {
        let name = || vec![names::known(&format!("{prefix}:{id}"))];
        let handled = story.map(Story::handled).unwrap_or_default();
        if let Some(story) = story {
            check.in_flight += story.count(Fate::InFlight);
            check.waiting += story.count(Fate::Waiting);
        }
        if handled.is_empty() {
            if let Some(state) = state {
                check.found(name(), format!("stands there, but no event tells of it: {state}"));
            }
            return;
        }
        match (fold(&handled), state) {
            (Err(problem), _) => check.found(name(), problem),
            (Ok(None), None) => {}
            (Ok(None), Some(state)) => {
                check.found(
                    name(),
                    format!("stands there, though the events leave nothing: {state}"),
                );
            }
            (Ok(Some(told)), None) => {
                check.found(name(), format!("is missing, though an event tells of it: {told}"));
            }
            (Ok(Some(told)), Some(state)) => {
                if told != state {
                    check.found(name(), difference(&told, state));
                }
            }
        }
    })
    .await
}

/// What differs between two texts of `name=value` with blanks between them.
pub(crate) fn difference(told: &str, state: &str) -> String {
    let (left, right): (Vec<&str>, Vec<&str>) = (told.split(' ').collect(), state.split(' ').collect());
    if left.len() != right.len() {
        return format!("told: {told}; stands: {state}");
    }
    let (told, stands): (Vec<&str>, Vec<&str>) = left.into_iter().zip(right).filter(|(l, r)| l != r).unzip();
    format!("told: {}; stands: {}", told.join(" "), stands.join(" "))
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn only_what_differs_is_shown() {
        for (told, state, shown) in [
            ("a=1 b=2 c=3", "a=1 b=4 c=3", "told: b=2; stands: b=4"),
            ("a=1", "a=1 b=2", "told: a=1; stands: a=1 b=2"),
        ] {
            assert_eq!(difference(told, state), shown);
        }
    }
}
