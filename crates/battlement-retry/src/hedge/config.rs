use std::sync::Arc;

use battlement_core::InvalidField;

use super::HedgeDelay;
use crate::{Budgets, latency::Latencies, observe::Observer};

/// The checked settings of a layer, and the state that its services share.
#[derive(Clone, Debug)]
pub(crate) struct HedgeConfig {
    pub(crate) enabled: bool,
    /// The most copies of a call, the first included.
    pub(crate) copies: u32,
    pub(crate) delay: HedgeDelay,
    pub(crate) budgets: Budgets,
    /// Whether the budget is the layer's own, to which an outer retry layer does not add the calls.
    pub(crate) has_own_budget: bool,
    pub(crate) observer: Observer,
    /// The times of first attempts.
    pub(crate) latencies: Arc<Latencies>,
}

impl Default for HedgeConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            copies: 2,
            delay: HedgeDelay::default(),
            budgets: Budgets::default(),
            has_own_budget: true,
            observer: Observer::default(),
            latencies: Arc::default(),
        }
    }
}

impl HedgeConfig {
    /// Returns whether a call counts in the budget: once, also if an outer retry layer repeats it.
    pub(crate) fn counts(&self, attempt: Option<u32>) -> bool {
        match attempt {
            None => true,
            Some(attempt) => self.has_own_budget && attempt == 1,
        }
    }
}

/// Returns the error of a number of copies that cannot be.
pub(crate) fn invalid_copies(copies: u32) -> Option<InvalidField> {
    (!(2..=10).contains(&copies)).then(|| {
        let message = format!("must be 2 to 10, the first copy included, got {copies}");
        InvalidField::new("copies", message)
    })
}
