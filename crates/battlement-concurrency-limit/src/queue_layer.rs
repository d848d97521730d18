use std::sync::Arc;

use tower_layer::Layer;

use crate::{ConcurrencyLimitLayer, DefaultKind, Handle, queued::QueuedConcurrencyLimit};

/// A [`ConcurrencyLimitLayer`] whose calls may wait, created by [`ConcurrencyLimitLayer::queue`].
///
/// Calls of a class wait in their order. While the oldest has waited longer than half its time, the newest goes first:
/// under lasting overload, a queue in order serves only callers that are about to give up. An arrival never overtakes a
/// call of its class or a higher one otherwise.
///
/// A call that waits owns the service that was polled ready, so the service must be `Clone`. A call that is dropped
/// leaves the queue at once. No call waits beyond the deadline of its request, and one that cannot get its permit before
/// its deadline is rejected on arrival.
#[derive(Debug)]
pub struct QueuedConcurrencyLimitLayer<K = DefaultKind> {
    layer: ConcurrencyLimitLayer<K>,
}

impl<K> QueuedConcurrencyLimitLayer<K> {
    pub(crate) const fn new(layer: ConcurrencyLimitLayer<K>) -> Self {
        Self { layer }
    }
}

impl<K: Clone> QueuedConcurrencyLimitLayer<K> {
    /// Returns the layer with a handle that reads and changes its state.
    #[must_use]
    pub fn pair(self) -> (Self, Handle) {
        let (layer, handle) = self.layer.pair();
        (Self { layer }, handle)
    }
}

impl<K: Clone> Clone for QueuedConcurrencyLimitLayer<K> {
    fn clone(&self) -> Self {
        Self { layer: self.layer.clone() }
    }
}

impl<S, K: Clone> Layer<S> for QueuedConcurrencyLimitLayer<K> {
    type Service = QueuedConcurrencyLimit<S, K>;

    fn layer(&self, inner: S) -> QueuedConcurrencyLimit<S, K> {
        QueuedConcurrencyLimit::new(inner, Arc::clone(self.layer.guard()))
    }
}
