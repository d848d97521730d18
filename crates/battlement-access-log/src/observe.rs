use std::{fmt, sync::Arc};

use crate::Outcome;

/// An observer of the layer, for metrics.
///
/// Methods run inside the request, also while a panic unwinds, and must return quickly. A panic in a method is caught.
pub trait Observe: Send + Sync {
    /// Observes a record that was written or, if the writer's queue was full, dropped.
    fn recorded(&self, outcome: Outcome) {
        let _ = outcome;
    }

    /// Observes a record that sampling left out.
    fn sampled_out(&self) {}

    /// Observes a record or a line of [`Lines`](crate::Lines) that was dropped, because the queue of its writer was full.
    fn dropped(&self) {}
}

impl<T: Observe + ?Sized> Observe for Arc<T> {
    fn recorded(&self, outcome: Outcome) {
        (**self).recorded(outcome);
    }

    fn sampled_out(&self) {
        (**self).sampled_out();
    }

    fn dropped(&self) {
        (**self).dropped();
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
