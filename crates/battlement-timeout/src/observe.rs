use std::{fmt, sync::Arc, time::Duration};

use crate::ElapsedKind;

/// An observer of the layers, for metrics.
///
/// Methods run inside the request and must return quickly.
pub trait Observe: Send + Sync {
    /// Observes a call or body that took too long, and was dropped or ended.
    fn expired(&self, kind: ElapsedKind);

    /// Observes a request that arrived with `left` until its deadline.
    fn arrived(&self, left: Duration) {
        let _ = left;
    }

    /// Observes a request or call that was rejected before the service was called, because no time was left.
    fn not_called(&self) {}
}

impl<T: Observe + ?Sized> Observe for Arc<T> {
    fn expired(&self, kind: ElapsedKind) {
        (**self).expired(kind);
    }

    fn arrived(&self, left: Duration) {
        (**self).arrived(left);
    }

    fn not_called(&self) {
        (**self).not_called();
    }
}

/// The observer of a layer, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<dyn Observe>>);

impl Observer {
    pub(crate) fn new(observe: impl Observe + 'static) -> Self {
        Self(Some(Arc::new(observe)))
    }

    pub(crate) fn get(&self) -> Option<&dyn Observe> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer" } else { "none" })
    }
}
