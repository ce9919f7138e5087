//! Shows the open breaks as a metric.

use postgres::Db;

use crate::Error;
use crate::domain::DifferenceKind;
use crate::store::breaks;

/// Sets the gauge `jeongsan_breaks_open` for both kinds.
pub(crate) async fn measure_breaks(db: &Db) -> Result<(), Error> {
    let counts = breaks::count_open(db.pool()).await?;
    for kind in DifferenceKind::ALL {
        let open = counts
            .iter()
            .find(|(of, _)| *of == kind)
            .map_or(0, |(_, count)| *count);
        // A gauge takes a float; up to 2^32 breaks it shows exactly.
        metrics::gauge!("jeongsan_breaks_open", "kind" => kind.as_str())
            .set(f64::from(u32::try_from(open).unwrap_or(u32::MAX)));
    }
    Ok(())
}
