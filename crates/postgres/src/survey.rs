//! Asking all servers of a database at once.

use std::fmt;

use futures::future::join_all;

use crate::address::Host;
use crate::standing::{Standing, visit};

/// What each server said, in the order of the address.
#[derive(Debug)]
pub struct Survey {
    answers: Vec<(String, Result<Standing, sqlx::Error>)>,
}

impl Survey {
    /// Asks them all, at the same time.
    pub(crate) async fn take(hosts: &[Host]) -> Self {
        let answers = hosts
            .iter()
            .map(|host| async { (host.name.clone(), visit(host).await) });
        Self {
            answers: join_all(answers).await,
        }
    }

    /// The primary: of several that say so the one of the highest timeline, and none of a lower one than `lowest`,
    /// since that has been succeeded.
    pub(crate) fn primary(&self, lowest: u32) -> Option<(usize, u32, Standing)> {
        self.standings()
            .filter_map(|(host, standing)| Some((host, standing.timeline?, standing)))
            .filter(|(_, timeline, _)| *timeline >= lowest)
            .max_by_key(|(_, timeline, _)| *timeline)
    }

    /// The replica that has come furthest.
    pub(crate) fn replica(&self) -> Option<(usize, u64)> {
        self.standings()
            .filter(|(_, standing)| standing.timeline.is_none())
            .map(|(host, standing)| (host, standing.position))
            .max_by_key(|(_, position)| *position)
    }

    /// Whether every server answered that it will never let us in: a wrong password, no such database.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.answers.iter().all(|(_, said)| {
            let code = said.as_ref().err().and_then(|e| e.as_database_error()?.code());
            code.is_some_and(|code| code.starts_with("28") || code.starts_with("3D"))
        })
    }

    fn standings(&self) -> impl Iterator<Item = (usize, Standing)> {
        self.answers
            .iter()
            .enumerate()
            .filter_map(|(host, (_, said))| Some((host, *said.as_ref().ok()?)))
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, said)) in self.answers.iter().enumerate() {
            let gap = if place == 0 { "" } else { "; " };
            match said {
                Ok(Standing { timeline: None, .. }) => write!(out, "{gap}{name} is a replica")?,
                Ok(Standing {
                    timeline: Some(timeline),
                    ..
                }) => write!(out, "{gap}{name} is a primary of timeline {timeline}")?,
                Err(error) => write!(out, "{gap}{name}: {error}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(answers: &[Option<(Option<u32>, u64)>]) -> Survey {
        let answers = answers.iter().enumerate().map(|(place, answer)| {
            let said = answer.map(|(timeline, position)| Standing { timeline, position });
            (format!("host{place}"), said.ok_or(sqlx::Error::PoolTimedOut))
        });
        Survey {
            answers: answers.collect(),
        }
    }

    #[test]
    fn the_primary_is_the_one_of_the_highest_timeline_that_was_not_succeeded() {
        let primary = |at| Some((Some(at), 9));
        let replica = Some((None, 9));
        for (answers, lowest, expected) in [
            (vec![replica, primary(1), replica], 0, Some(1)),
            (vec![primary(1), primary(2), None], 0, Some(1)),
            (vec![primary(2), primary(1), replica], 2, Some(0)),
            (vec![primary(1), replica, None], 2, None),
            (vec![replica, replica, replica], 0, None),
            (vec![None, None, None], 0, None),
        ] {
            let found = survey(&answers).primary(lowest).map(|(host, ..)| host);
            assert_eq!(found, expected, "{answers:?} {lowest}");
        }
    }

    #[test]
    fn the_replica_is_the_one_that_has_come_furthest() {
        let replica = |position| Some((None, position));
        for (answers, expected) in [
            (vec![Some((Some(1), 99)), replica(7), replica(8)], Some((2, 8))),
            (vec![Some((Some(1), 99)), None, None], None),
        ] {
            assert_eq!(survey(&answers).replica(), expected);
        }
    }

    #[test]
    fn a_survey_says_who_was_asked_and_what_each_said() {
        let text = survey(&[None, Some((None, 1)), Some((Some(3), 1))]).to_string();
        assert!(text.starts_with("host0: "), "{text}");
        assert!(
            text.ends_with("host1 is a replica; host2 is a primary of timeline 3"),
            "{text}"
        );
    }
}
