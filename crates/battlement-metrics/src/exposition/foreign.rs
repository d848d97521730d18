//! Pages of other libraries, in either format, written again for this page.
//!
//! A page is parsed line by line, samples are assigned to their metrics, each metric is checked by the rules of both
//! formats, and valid metrics are written again. No line reaches this page unchanged.

mod check;
mod kind;
mod line;
mod metric;
mod number;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use self::metric::Metric;
#[cfg(feature = "prometheus-client")]
pub(crate) use self::{kind::Kind, metric::Sample};
use crate::family::Families;

/// Returns the metrics of the page `text`, except those whose name is in use, and records the rest as left out on
/// `page`.
pub(super) fn read(text: &str, page: &mut Families) -> Vec<Metric> {
    let (declared, mut invalid) = metric::read(text);
    let checked = declared.into_iter().map(|declared| declared.checked(&mut invalid));
    let metrics = checked
        .filter(|metric| !metric.is_empty() && page.claim(&metric.name, metric.kind.claims()))
        .collect();
    for (name, reason) in invalid {
        page.invalid(name, reason);
    }
    metrics
}
