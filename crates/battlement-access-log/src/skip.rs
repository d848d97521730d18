use http::{HeaderMap, StatusCode, Uri, header};

/// A filter that leaves out records of requests that are not interesting while they succeed, such as probes.
///
/// # Example
///
/// ```
/// use battlement_access_log::{AccessLogLayer, Skip};
///
/// let layer = AccessLogLayer::new().skip(Skip::paths(["/livez", "/readyz"]).user_agents(["kube-probe/"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    pub(crate) paths: Vec<String>,
    pub(crate) user_agents: Vec<String>,
    pub(crate) below: u16,
}

impl Skip {
    /// Creates a filter of requests to `paths`, each compared as a whole.
    #[must_use]
    pub fn paths<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> Self {
        Self { paths: paths.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Adds requests whose `user-agent` starts with one of `agents`.
    #[must_use]
    pub fn user_agents<A: Into<String>>(mut self, agents: impl IntoIterator<Item = A>) -> Self {
        self.user_agents.extend(agents.into_iter().map(Into::into));
        self
    }

    /// Sets the first status that is recorded nevertheless, from 100 to 600. Default: 400.
    #[must_use]
    pub const fn below(mut self, status: u16) -> Self {
        self.below = status;
        self
    }

    /// Returns whether the filter concerns a request.
    pub(crate) fn concerns(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        self.paths.iter().any(|path| path == uri.path()) || self.is_agent(headers)
    }

    fn is_agent(&self, headers: &HeaderMap) -> bool {
        if self.user_agents.is_empty() {
            return false;
        }
        headers.get(header::USER_AGENT).is_some_and(|agent| {
            self.user_agents.iter().any(|start| agent.as_bytes().starts_with(start.as_bytes()))
        })
    }

    /// Returns whether the record of a request that the filter concerns is left out.
    pub(crate) fn leaves_out(&self, status: Option<StatusCode>) -> bool {
        status.is_some_and(|status| status.as_u16() < self.below)
    }
}

impl Default for Skip {
    fn default() -> Self {
        Self { paths: Vec::new(), user_agents: Vec::new(), below: 400 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concerns(skip: &Skip, target: &'static str, agent: Option<&'static str>) -> bool {
        let agent = agent.map(|agent| (header::USER_AGENT, agent.parse().unwrap()));
        skip.concerns(&Uri::from_static(target), &agent.into_iter().collect())
    }

    #[test]
    fn a_filter_concerns_whole_paths_and_the_starts_of_user_agents() {
        let skip = Skip::paths(["/livez"]).user_agents(["kube-probe/"]);
        for (target, agent, is_concerned) in [
            ("/livez", None, true),
            ("/livez?verbose", Some("curl/8"), true),
            ("/livez/x", None, false),
            ("/", Some("kube-probe/1.31"), true),
            ("/", Some("not kube-probe/1.31"), false),
            ("/", None, false),
        ] {
            assert_eq!(concerns(&skip, target, agent), is_concerned, "{target} {agent:?}");
        }
        assert!(!concerns(&Skip::default(), "/livez", Some("kube-probe/1.31")));
    }

    #[test]
    fn a_filter_leaves_out_statuses_below_its_limit_and_keeps_requests_without_one() {
        let leaves_out =
            |skip: &Skip, status| skip.leaves_out(Some(StatusCode::from_u16(status).unwrap()));
        let found = [399, 400, 401].map(|status| leaves_out(&Skip::default(), status));
        assert_eq!(found, [true, false, false]);
        let all = Skip::default().below(600);
        assert!(leaves_out(&all, 599) && !all.leaves_out(None));
    }
}
