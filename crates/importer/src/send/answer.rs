//! What the API answers: one result for each thing of a batch.

use serde::Deserialize;

/// `application/problem+json`, as far as it is needed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Problem {
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) detail: String,
}

impl Problem {
    /// For people.
    pub(crate) fn text(&self) -> String {
        format!("{}: {}", self.code, self.detail)
    }
}

/// The results of a batch, in any order.
#[derive(Debug, Deserialize)]
pub(crate) struct Results<R> {
    pub(crate) results: Vec<R>,
}

/// The place of the thing that a result is about.
pub(crate) trait Indexed {
    fn index(&self) -> usize;
}

impl<R: Indexed> Results<R> {
    /// The results in the order of what was sent: exactly one each, or what is wrong with them.
    pub(crate) fn in_order(mut self, sent: usize) -> Result<Vec<R>, String> {
        self.results.sort_by_key(Indexed::index);
        let complete = self.results.len() == sent
            && self
                .results
                .iter()
                .enumerate()
                .all(|(place, result)| result.index() == place);
        if complete {
            Ok(self.results)
        } else {
            Err(format!(
                "{sent} things were sent, and the {} results are not one for each of them",
                self.results.len()
            ))
        }
    }
}
