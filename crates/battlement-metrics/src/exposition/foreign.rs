//! Pages from elsewhere, in either format, on their way to ours.
//!
//! A page is read line by line, its samples are put to the metrics they belong to, each metric is checked by the
//! rules of both formats, and what passes is written again. So no line of it reaches our page as it came.

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

/// Writes the metrics of the page `text` whose names are free to `out`, and leaves out on `page` what is not written.
pub(super) fn copy(text: &str, page: &mut Families, out: &mut String, format: Format) {
    let (declared, mut invalid) = metric::read(text);
    for declared in declared {
        let metric = declared.checked(&mut invalid);
        if !metric.is_empty() && page.claim(&metric.name, metric.kind.claims()) {
            // (To write into a string never fails.)
            let _ = metric.write(out, format);
        }
    }
    for (name, reason) in invalid {
        page.invalid(name, reason);
    }
}
