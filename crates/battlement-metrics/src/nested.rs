//! The same counts around a router and inside of it.

use battlement_core::RequestFacts;
use http::Extensions;

use crate::route;

/// The claims on a request beside the one that its facts hold: of further [`HttpMetrics`](crate::HttpMetrics) whose
/// layers stand in each other.
#[derive(Clone, Debug, Default)]
struct Claims(Vec<usize>);

/// Returns whether a layer further out counts the request for `claimant`, where another claim, or its own, came
/// first. That layer then learns the route that is known here.
#[cold]
pub(crate) fn is_counted(
    facts: &RequestFacts,
    holder: usize,
    claimant: usize,
    extensions: &mut Extensions,
) -> bool {
    let claims = extensions.get::<Claims>();
    if holder != claimant && !claims.is_some_and(|claims| claims.0.contains(&claimant)) {
        let mut claims = claims.cloned().unwrap_or_default();
        claims.0.push(claimant);
        extensions.insert(claims);
        return false;
    }
    if let (None, Some(template)) = (facts.route(), route::matched(extensions)) {
        facts.set_route(template.to_owned());
    }
    true
}
