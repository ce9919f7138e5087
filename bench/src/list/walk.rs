//! A list from its first page to a deep one, each page by the cursor of the one before.

use std::collections::VecDeque;

use anyhow::Result;

use crate::asking::Asker;
use crate::cases::Case;
use crate::page::Page;

/// At which pages a walk remembers where it is; it does so at its end too.
const MARKS: &[usize] = &[1, 100, 1_000, 10_000];

/// How many pages before a mark are remembered with it: one page alone could be an easy one.
const AROUND: usize = 10;

/// Pages that lie together.
pub struct Spot {
    /// The number of the last of them, from 1.
    pub page: usize,
    pub paths: Vec<String>,
}

/// What came of a walk.
pub struct Walked {
    pub rows: usize,
    /// Whether the last page was reached.
    pub is_whole: bool,
    /// How long each page took, in microseconds.
    pub took_us: Vec<u64>,
    pub spots: Vec<Spot>,
}

/// Reads at most so many pages, and checks each.
pub async fn walk(asker: &Asker, case: &Case, pages: usize) -> Result<Walked> {
    let mut client = asker.connect().await?;
    let mut walked = Walked {
        rows: 0,
        is_whole: false,
        took_us: Vec::new(),
        spots: Vec::new(),
    };
    let mut path = format!("/v1/payments?limit=100{}", case.query());
    let mut around = VecDeque::with_capacity(AROUND);
    let mut last = None;
    for number in 1..=pages {
        let (took_us, body) = client.get(&path).await?;
        let mut page = Page::read(body, case, last.as_ref())?;
        walked.took_us.push(took_us);
        walked.rows += page.data.len();
        if around.len() == AROUND {
            around.pop_front();
        }
        around.push_back(path);
        walked.is_whole = page.next_cursor.is_none();
        if MARKS.contains(&number) || number == pages || walked.is_whole {
            walked.spots.push(Spot {
                page: number,
                paths: around.iter().cloned().collect(),
            });
        }
        let Some(cursor) = page.next_cursor else { break };
        last = page.data.pop();
        path = format!("/v1/payments?limit=100&cursor={cursor}");
    }
    Ok(walked)
}
