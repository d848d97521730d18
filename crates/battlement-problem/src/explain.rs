//! Which errors are no bugs.

use std::error::Error;

use battlement_core::Rejection;

use crate::{BoxError, Problem, config::Config, problem::Carried};

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
    /// Asked of an error and then of each of its sources.
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

/// An error and its sources, the outermost first.
pub(crate) fn links<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The problem of an error that left a service: a bug, if nobody knows better.
pub(crate) fn problem(error: BoxError, config: &Config) -> Problem {
    match known(error.as_ref(), config) {
        // It is no cause of its own: what it was told to say is all there is.
        Some(problem) if error.is::<Carried>() => problem,
        Some(problem) => problem.source_if_none(error),
        None => Problem::bug(error),
    }
}

/// What the user's explainers make of an error, what it was itself made to say, or what is known of other
/// people's errors.
pub(crate) fn known(error: &(dyn Error + 'static), config: &Config) -> Option<Problem> {
    let told = links(error).find_map(|link| {
        let told = config.explainers.iter().find_map(|explainer| explainer.explain(link));
        told.or_else(|| carried(link)).or_else(|| foreign(link))
    });
    told.or_else(|| by_design(error))
}

fn carried(link: &(dyn Error + 'static)) -> Option<Problem> {
    link.downcast_ref::<Carried>().map(|carried| carried.0.clone())
}

/// What errors say that were made to be told to the caller.
pub(crate) fn by_design(error: &(dyn Error + 'static)) -> Option<Problem> {
    Rejection::find(error).map(Problem::of_rejection).or_else(|| rejected(error))
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
