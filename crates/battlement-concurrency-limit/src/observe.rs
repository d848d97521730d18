use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use crate::Reason;

/// An observer of a layer, for metrics.
///
/// Classes are numbered as in [`classes`](Self::classes), from 0. Methods run inside the call and must return quickly.
pub trait Observe: Send + Sync {
    /// Observes the names of the classes, the highest first, when the state of the layer is created. A layer without
    /// classes has one, `default`.
    fn classes(&self, names: &[Cow<'static, str>]) {
        let _ = names;
    }

    /// Observes a call that was rejected.
    fn rejected(&self, reason: Reason, class: usize) {
        let _ = (reason, class);
    }

    /// Observes a call that was admitted after it has waited in the queue for `time`.
    fn queued(&self, time: Duration, class: usize) {
        let _ = (time, class);
    }

    /// Observes a change of the limit.
    fn limit_changed(&self, change: &LimitChange) {
        let _ = change;
    }
}

impl<T: Observe + ?Sized> Observe for Arc<T> {
    fn classes(&self, names: &[Cow<'static, str>]) {
        (**self).classes(names);
    }

    fn rejected(&self, reason: Reason, class: usize) {
        (**self).rejected(reason, class);
    }

    fn queued(&self, time: Duration, class: usize) {
        (**self).queued(time, class);
    }

    fn limit_changed(&self, change: &LimitChange) {
        (**self).limit_changed(change);
    }
}

/// A change of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitChange {
    /// The former limit.
    pub from: usize,
    /// The new limit.
    pub to: usize,
    /// The cause.
    pub cause: LimitCause,
}

/// The cause of a change of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitCause {
    /// The limit was in use, and the service answered as fast as before.
    Growth,
    /// The service answered more slowly.
    Latency,
    /// Calls timed out, or the service rejected them.
    Drops,
    /// A [`Handle`](crate::Handle) has set the limit.
    Handle,
}

impl LimitCause {
    /// Every cause.
    pub const ALL: [Self; 4] = [Self::Growth, Self::Latency, Self::Drops, Self::Handle];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Growth => "growth",
            Self::Latency => "latency",
            Self::Drops => "drops",
            Self::Handle => "handle",
        }
    }
}

/// The observer of a layer, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<dyn Observe>>);

impl Observer {
    pub(crate) fn new(observe: impl Observe + 'static) -> Self {
        Self(Some(Arc::new(observe)))
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&dyn Observe> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer" } else { "none" })
    }
}
