use battlement_core::Failure;

use super::{on::Chosen, outcome::FallbackOutcome};
use crate::observe::Observer;

/// The checked settings of a layer, beside those of HTTP.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) enabled: bool,
    /// The classes of failures for which the fallback answers.
    pub(super) on: Chosen,
    pub(super) observer: Observer,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, on: Chosen::all(), observer: Observer::default() }
    }
}

impl Config {
    pub(super) fn observe(&self, failure: Failure, outcome: FallbackOutcome) {
        if let Some(observer) = self.observer.get() {
            observer.fell_back(failure, outcome);
        }
    }
}
