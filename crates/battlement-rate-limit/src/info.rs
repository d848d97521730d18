use http::Request;

use crate::{KeyHash, Outcome, Policies, PolicyState};

/// The limits of a request's client, for its handler. Set by
/// [`RateLimitLayer::expose`](crate::RateLimitLayer::expose).
///
/// It is an extension of the request. Of stacked limiters that expose it, the innermost one sets it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RateLimitInfo {
    /// The policies that were applied.
    pub policies: Policies,
    /// The decision under these policies.
    pub outcome: Outcome,
    /// The key of the request, for [`Handle`](crate::Handle).
    pub key: KeyHash,
}

impl RateLimitInfo {
    /// Returns the information that a limiter has attached to `request`.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// Returns the state under the policy of this name.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<&PolicyState> {
        let mut decided = self.policies.iter().zip(&self.outcome.states);
        decided.find_map(|(policy, state)| (policy.name() == name).then_some(state))
    }
}
