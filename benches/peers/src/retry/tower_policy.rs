use std::{convert::Infallible, sync::Arc};

use http::Request;
use tokio::time::Sleep;
use tower::retry::{
    Policy,
    backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff},
    budget::{Budget, TpsBudget},
};

use super::{Answer, Call};

/// A policy of tower that copies what our layer copies: the method, the URI, the version, the headers and the body.
#[derive(Clone)]
pub(super) struct CopyHead {
    left: u32,
    backoff: ExponentialBackoff,
    budget: Option<Arc<TpsBudget>>,
}

impl CopyHead {
    pub(super) fn new(budget: Option<Arc<TpsBudget>>) -> Self {
        Self { left: 2, backoff: ExponentialBackoffMaker::default().make_backoff(), budget }
    }
}

impl Policy<Call, Answer, Infallible> for CopyHead {
    type Future = Sleep;

    fn retry(
        &mut self,
        _: &mut Call,
        result: &mut Result<Answer, Infallible>,
    ) -> Option<Self::Future> {
        if !result.as_ref().is_ok_and(|response| response.status().is_server_error()) {
            if let Some(budget) = &self.budget {
                budget.deposit();
            }
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        let is_allowed = self.budget.as_ref().is_none_or(|budget| budget.withdraw());
        is_allowed.then(|| self.backoff.next_backoff())
    }

    fn clone_request(&mut self, request: &Call) -> Option<Call> {
        let mut copy = Request::new(request.body().clone());
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.version_mut() = request.version();
        *copy.headers_mut() = request.headers().clone();
        Some(copy)
    }
}
