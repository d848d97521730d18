use http::Request;

use crate::{KeyHash, Outcome, Policies, PolicyState};

/// How the client of a request stands, for its handler. Set by
/// [`RateLimitLayer::expose`](crate::RateLimitLayer::expose).
///
/// It is an extension of the request; of stacked limiters that are exposed, the innermost one's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RateLimitInfo {
    /// The policies that held.
    pub policies: Policies,
    /// What they said.
    pub outcome: Outcome,
    /// Whose limit it is, for [`Handle`](crate::Handle).
    pub key: KeyHash,
}

impl RateLimitInfo {
    /// What a limiter has decided of `request`.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// The state under the policy of this name.
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<&PolicyState> {
        let mut both = self.policies.iter().zip(&self.outcome.states);
        both.find_map(|(policy, state)| (policy.name() == name).then_some(state))
    }
}
