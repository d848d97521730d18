//! Which errors are no bugs.

use std::error::Error;

use crate::{BoxError, Problem, catch::catch, chain::links, problem::Carried, report::Reporter};

#[cfg(feature = "axum")]
use crate::axum::rejected;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "tower")]
mod tower;

/// Says of an error what a caller may know of it.
///
/// For [`ProblemLayer::explain`](crate::ProblemLayer::explain). A closure will do.
pub trait Explain: Send + Sync {
    /// The problem that `error` is, if this knows the kind; `None` leaves it to whoever comes next.
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

/// The problem of an error that left a service: a bug, if nobody knows better.
pub(crate) fn problem(error: BoxError, reporter: Reporter<'_>) -> Problem {
    match known(error.as_ref(), reporter) {
        Some(problem) if problem.cause().is_none() && !error.is::<Carried>() => {
            problem.source(error)
        }
        // A problem that was returned as an error is complete, and another may have a cause of its own.
        Some(problem) => {
            reporter.drop(error);
            problem
        }
        None => Problem::bug(error),
    }
}

/// What the user's explainers make of an error, what it was itself made to say, or what is known of other
/// people's errors.
pub(crate) fn known(error: &(dyn Error + 'static), reporter: Reporter<'_>) -> Option<Problem> {
    let told = links(error).find_map(|link| {
        let mut explainers = reporter.config.explainers.iter();
        let told = explainers.find_map(|explainer| explained(&**explainer, link, reporter));
        told.or_else(|| carried(link)).or_else(|| foreign(link))
    });
    told.or_else(|| by_design(error))
}

/// Asks one explainer. A panic is logged and counts as `None`.
fn explained(
    explainer: &dyn Explain,
    link: &(dyn Error + 'static),
    reporter: Reporter<'_>,
) -> Option<Problem> {
    catch(|| explainer.explain(link)).unwrap_or_else(|caught| {
        reporter.panicked(caught, "a closure that explains errors panicked and was passed over");
        None
    })
}

fn carried(link: &(dyn Error + 'static)) -> Option<Problem> {
    link.downcast_ref::<Carried>().map(|carried| carried.0.clone())
}

/// What errors say that were made to be told to the caller.
pub(crate) fn by_design(error: &(dyn Error + 'static)) -> Option<Problem> {
    let rejection = |link: &(dyn Error + 'static)| link.downcast_ref().copied();
    let told = links(error)
        .find_map(|link| carried(link).or_else(|| rejection(link).map(Problem::of_rejection)));
    told.or_else(|| rejected(error))
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
