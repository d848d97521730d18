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

use super::Format;
use crate::family::Families;

/// Writes the metrics of the page `text` to `out`, except those whose name is in use, and records the rest as left out
/// on `page`.
pub(super) fn copy(text: &str, page: &mut Families, out: &mut String, format: Format) {
    let (declared, mut invalid) = metric::read(text);
    for declared in declared {
        let metric = declared.checked(&mut invalid);
        if !metric.is_empty() && page.claim(&metric.name, metric.kind.claims()) {
            // Writing to a string never fails.
            let _ = metric.write(out, format);
        }
    }
    for (name, reason) in invalid {
        page.invalid(name, reason);
    }
}
