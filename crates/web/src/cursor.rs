//! Lists: newest first, page by page, without counting.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{Code, Problem};

const DEFAULT_LIMIT: u16 = 20;
const MAX_LIMIT: u16 = 100;

/// The parameters of every list. A cursor carries its filter: sent with another one, the cursor's is used.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The things, newest first.
    pub data: Vec<T>,
    /// Send it as `cursor` to get the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// What a cursor holds: the last thing of the page before, and the filter of the list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PageCursor<F> {
    /// The id of the last thing; ids sort by time.
    pub last: Uuid,
    /// The filter.
    pub filter: F,
}

impl PageParams {
    /// The limit, checked.
    pub fn limit(&self) -> Result<u16, Problem> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err(Problem::field("limit", "give a number from 1 to 100")),
        }
    }

    /// The place and filter to go on from, or the start of a list with `filter`.
    pub fn start<F: DeserializeOwned>(&self, filter: F) -> Result<(Option<Uuid>, F), Problem> {
        let Some(text) = &self.cursor else {
            return Ok((None, filter));
        };
        let cursor: PageCursor<F> = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| {
                Problem::new(
                    Code::MalformedRequest,
                    "cursor: send next_cursor of the page before, as it is",
                )
            })?;
        Ok((Some(cursor.last), cursor.filter))
    }
}

/// Makes a page of `rows`, which the caller fetched with one more than `limit` to see whether there is a next one.
pub fn page<R, T, F: Serialize>(
    mut rows: Vec<R>,
    limit: u16,
    filter: F,
    id: impl Fn(&R) -> Uuid,
    view: impl Fn(R) -> T,
) -> Page<T> {
    let limit = usize::from(limit);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).and_then(|row| {
        let bytes = serde_json::to_vec(&PageCursor {
            last: id(row),
            filter,
        })
        .ok()?;
        Some(URL_SAFE_NO_PAD.encode(bytes))
    });
    Page {
        data: rows.into_iter().map(view).collect(),
        next_cursor,
    }
}
