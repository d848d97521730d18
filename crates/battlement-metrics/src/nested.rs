//! Requests that pass several layers of the same metrics, as around a router and inside it.

use battlement_core::{RequestFacts, matched_path};
use http::Extensions;

/// The claims on a request of further [`HttpMetrics`](crate::HttpMetrics), beside the claim in its facts.
#[derive(Clone, Debug, Default)]
struct Claims(Vec<usize>);

/// Returns whether an outer layer already records the request for `claimant`. That layer then gets the route that is
/// known here. Called only if the claim in the facts is taken.
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
    if let (None, Some(template)) = (facts.route(), matched_path(extensions)) {
        facts.set_route(template.to_owned());
    }
    true
}
