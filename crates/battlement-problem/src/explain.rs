//! Conversion of errors into problems.

use std::error::Error;

use crate::{BoxError, Problem, catch::catch, chain::links, problem::Carried, report::Reporter};

#[cfg(feature = "axum")]
use crate::axum::rejected;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "tower")]
mod tower;

/// Converts errors into problems that callers may see.
///
/// Used by [`ProblemLayer::explain`](crate::ProblemLayer::explain). Implemented by closures.
pub trait Explain: Send + Sync {
    /// Returns the problem for `error`; `None` leaves the error to the next explainer.
    ///
    /// Called with an error and then with each of its sources, including the error inside an `io::Error`.
    fn explain(&self, error: &(dyn Error + 'static)) -> Option<Problem>;
}

impl<F> Explain for F
where
    F: Fn(&(dyn Error + 'static)) -> Option<Problem> + Send + Sync,
{
    fn explain(&self, error: &(dyn Error + 'static)) -> Option<Problem> {
        self(error)
    }
}

/// Converts an error that a service returned into a problem: a bug, unless the error is known.
pub(crate) fn problem(error: BoxError, reporter: Reporter<'_>) -> Problem {
    match known(error.as_ref(), reporter) {
        Some(problem) if problem.cause().is_none() && !error.is::<Carried>() => {
            problem.source(error)
        }
        // A problem that was returned as an error is complete; any other may still get its cause.
        Some(problem) => {
            reporter.drop(error);
            problem
        }
        None => Problem::bug(error),
    }
}

/// Returns the problem of a known error: from the user's explainers, from the error itself, or from the rules for
/// tower and hyper, in this order.
pub(crate) fn known(error: &(dyn Error + 'static), reporter: Reporter<'_>) -> Option<Problem> {
    let problem = links(error).find_map(|link| {
        let mut explainers = reporter.config.explainers.iter();
        let problem = explainers.find_map(|explainer| explained(&**explainer, link, reporter));
        problem.or_else(|| carried(link)).or_else(|| foreign(link))
    });
    problem.or_else(|| by_design(error))
}

/// Calls one explainer. A panic is logged and counts as `None`.
fn explained(
    explainer: &dyn Explain,
    link: &(dyn Error + 'static),
    reporter: Reporter<'_>,
) -> Option<Problem> {
    catch(|| explainer.explain(link)).unwrap_or_else(|caught| {
        reporter.panicked(caught, "an explainer panicked and was skipped");
        None
    })
}

fn carried(link: &(dyn Error + 'static)) -> Option<Problem> {
    link.downcast_ref::<Carried>().map(|carried| carried.0.clone())
}

/// Returns the problem of an error that was created for the caller.
pub(crate) fn by_design(error: &(dyn Error + 'static)) -> Option<Problem> {
    let rejection = |link: &(dyn Error + 'static)| link.downcast_ref().copied();
    let problem = links(error)
        .find_map(|link| carried(link).or_else(|| rejection(link).map(Problem::of_rejection)));
    problem.or_else(|| rejected(error))
}

#[cfg(not(feature = "axum"))]
fn rejected(_: &(dyn Error + 'static)) -> Option<Problem> {
    None
}

fn foreign(link: &(dyn Error + 'static)) -> Option<Problem> {
    tower(link).or_else(|| hyper(link))
}

#[cfg(feature = "tower")]
use self::tower::explain as tower;

#[cfg(not(feature = "tower"))]
fn tower(_: &(dyn Error + 'static)) -> Option<Problem> {
    None
}

#[cfg(feature = "hyper")]
use self::hyper::explain as hyper;

#[cfg(not(feature = "hyper"))]
fn hyper(_: &(dyn Error + 'static)) -> Option<Problem> {
    None
}
