use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::Service;

use crate::Batch;

/// Upper bounds on the cost that a layer adds to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Added instructions.
    pub instructions: u32,
    /// Added allocations.
    pub allocations: u32,
}

/// A comparison of a service without and with a layer.
#[derive(Debug)]
pub struct Case {
    pub(crate) name: &'static str,
    pub(crate) bound: Option<Bound>,
    pub(crate) base: Batch,
    pub(crate) layered: Batch,
}

impl Case {
    /// Creates a case whose services both receive the requests that `request` creates, so that the cost of
    /// creating them cancels out.
    pub fn new<R, S, T, B, C>(name: &'static str, request: R, base: S, layered: T) -> Self
    where
        R: Fn() -> Request<Full<Bytes>> + Copy + 'static,
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + 'static,
        T: Service<Request<Full<Bytes>>, Response = Response<C>> + Clone + 'static,
        B: Body,
        C: Body,
    {
        Self {
            name,
            bound: None,
            base: Batch::new(request, base),
            layered: Batch::new(request, layered),
        }
    }

    /// Runs the batches of both sides inside `scope`, which provides what belongs to a thread, such as a subscriber.
    #[must_use]
    pub fn within(mut self, scope: fn(&mut dyn FnMut())) -> Self {
        self.base = self.base.within(scope);
        self.layered = self.layered.within(scope);
        self
    }

    /// Sets the upper bounds on what the layer adds. Default: no bounds, as for peers.
    #[must_use]
    pub fn at_most(mut self, instructions: u32, allocations: u32) -> Self {
        self.bound = Some(Bound { instructions, allocations });
        self
    }
}

/// The cases of one layer and of its peers.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// The name of the layer: its crate name without the prefix.
    pub layer: &'static str,
    /// Creates the cases.
    pub cases: fn() -> Vec<Case>,
}

impl Suite {
    pub(crate) fn find(suites: &[Self], layer: &str) -> Result<Self> {
        let found = suites.iter().find(|suite| suite.layer == layer);
        found.copied().with_context(|| {
            let known: Vec<_> = suites.iter().map(|suite| suite.layer).collect();
            format!("unknown layer {layer:?}, expected one of: {}", known.join(", "))
        })
    }
}
