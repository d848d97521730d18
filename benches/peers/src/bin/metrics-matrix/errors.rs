use battlement_testkit::matrix::{End, Way};

use crate::Totals;

/// Returns the differences between `totals` and a correct count of one request that ends in `way`.
pub(crate) fn errors(way: &Way, totals: &Totals) -> Vec<String> {
    let mut errors = Vec::new();
    match totals.requests {
        1.0 => {}
        0.0 => errors.push("**not counted**".to_owned()),
        count => errors.push(format!("**counted {count} times**")),
    }
    if totals.requests > 0.0 && totals.seconds < way.least_duration().as_secs_f64() * 0.9 {
        errors.push(format!("**{:.0} ms**", totals.seconds * 1_000.0));
    }
    errors.extend(size_error(way, totals));
    if totals.active != 0.0 {
        errors.push(format!("**gauge stays at {}**", totals.active));
    }
    let is_cancelled = way.end == End::Cancelled;
    match totals.cancelled {
        Some(count) if count > 0.0 && !is_cancelled => {
            errors.push("**counted as cancelled**".to_owned());
        }
        Some(0.0) if is_cancelled => errors.push("cancellation not counted".to_owned()),
        _ => {}
    }
    errors
}

fn size_error(way: &Way, totals: &Totals) -> Option<String> {
    match totals.bytes {
        Some((_, 0.0)) if totals.requests > 0.0 => Some("no size".to_owned()),
        Some((sum, bodies)) if bodies > 0.0 && (sum, bodies) != (f64::from(way.bytes), 1.0) => {
            Some(format!("{sum} B in {bodies} bodies, not {} B", way.bytes))
        }
        _ => None,
    }
}
