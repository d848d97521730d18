use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::Service;

use crate::Batch;

/// What a layer of ours may add to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Instructions.
    pub instructions: u32,
    /// Allocations.
    pub allocations: u32,
}

/// A service without a layer and with it.
#[derive(Debug)]
pub struct Case {
    pub(crate) name: &'static str,
    pub(crate) bound: Option<Bound>,
    pub(crate) base: Batch,
    pub(crate) layered: Batch,
}

impl Case {
    /// Both services are put the same requests, so that a costlier request is no layer's fault.
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

    /// Sets what the layer may add. Default: nothing is asked of it, as of a peer's.
    #[must_use]
    pub fn at_most(mut self, instructions: u32, allocations: u32) -> Self {
        self.bound = Some(Bound { instructions, allocations });
        self
    }
}

/// The cases of one layer, ours and peers'.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// The layer, as its crate is called without the prefix.
    pub layer: &'static str,
    /// Makes the cases.
    pub cases: fn() -> Vec<Case>,
}

impl Suite {
    pub(crate) fn find(suites: &[Self], layer: &str) -> Result<Self> {
        let found = suites.iter().find(|suite| suite.layer == layer);
        found.copied().with_context(|| {
            let known: Vec<_> = suites.iter().map(|suite| suite.layer).collect();
            format!("no layer {layer:?}; there are: {}", known.join(", "))
        })
    }
}
