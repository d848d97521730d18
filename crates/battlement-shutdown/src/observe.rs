use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use battlement_core::Phases;

use crate::InFlight;

/// An observer of a shutdown, for metrics.
///
/// Methods must return quickly, and must not panic: [`on_panic`](Self::on_panic) runs in the panic hook.
pub trait Observe: Send + Sync {
    /// Observes the shutdown from now on: its phases and the work in flight can be read at any time.
    fn on_start(&self, phases: &Phases, in_flight: &InFlight) {
        let _ = (phases, in_flight);
    }

    /// Observes the end of the drain, at which `count` requests, streams and guards were left.
    fn on_cut_off(&self, count: u64) {
        let _ = count;
    }

    /// Observes a panic that no layer catches, once [`panics`](crate::Shutdown::panics) has installed the hook.
    fn on_panic(&self) {}
}

impl<T: Observe + ?Sized> Observe for Arc<T> {
    fn on_start(&self, phases: &Phases, in_flight: &InFlight) {
        (**self).on_start(phases, in_flight);
    }

    fn on_cut_off(&self, count: u64) {
        (**self).on_cut_off(count);
    }

    fn on_panic(&self) {
        (**self).on_panic();
    }
}

/// The observer of a shutdown, if there is one.
#[derive(Default)]
pub(crate) struct Observer(OnceLock<Box<dyn Observe>>);

impl Observer {
    /// Sets the observer; the first one applies.
    pub(crate) fn set(&self, observe: impl Observe + 'static) -> bool {
        self.0.set(Box::new(observe)).is_ok()
    }

    pub(crate) fn get(&self) -> Option<&dyn Observe> {
        self.0.get().map(AsRef::as_ref)
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Observer" } else { "none" })
    }
}
