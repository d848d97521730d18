use battlement_core::InvalidField;
use serde::Deserialize;

use super::checked;
use crate::{
    Budget, Budgets,
    budget::{PER_SECOND, RATIO},
};

/// The form of [`Budgets`] in a configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetSettings {
    /// Whether retries are limited. `false` is [`Budgets::Unlimited`].
    pub enabled: bool,
    /// The retries per request, from 0 to 1.
    pub ratio: f64,
    /// The additional retries per second, up to 10,000.
    pub per_second: u32,
    /// The most authorities (host and port) that have a budget of their own, at least 1. If it is absent, all calls
    /// share one budget.
    pub per_authority: Option<usize>,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self { enabled: true, ratio: RATIO, per_second: PER_SECOND, per_authority: None }
    }
}

impl BudgetSettings {
    /// Returns the budget of calls that have no authority.
    pub(super) fn shared(self, invalid: &mut Vec<InvalidField>) -> Budgets {
        if self.per_authority.is_some() {
            let message = "must be unset, because only calls of HTTP have an authority";
            invalid.push(InvalidField::new("budget.per_authority", message));
        }
        let (is_enabled, budget) = (self.enabled, self.budget(invalid));
        if is_enabled { budget.into() } else { Budgets::Unlimited }
    }

    /// Returns the budget of calls of HTTP.
    #[cfg(feature = "http")]
    pub(crate) fn of_http(self, invalid: &mut Vec<InvalidField>) -> Budgets {
        let (is_enabled, cap) = (self.enabled, self.per_authority);
        if cap == Some(0) {
            let message = "must be at least 1; to share one budget, leave it unset";
            invalid.push(InvalidField::new("budget.per_authority", message));
        }
        let budget = self.budget(invalid);
        match cap {
            _ if !is_enabled => Budgets::Unlimited,
            None => budget.into(),
            Some(cap) => budget.per_authority(cap).into(),
        }
    }

    fn budget(self, invalid: &mut Vec<InvalidField>) -> Budget {
        let budget = Budget::try_new(self.ratio, self.per_second);
        checked("budget", budget, invalid).unwrap_or_default()
    }
}
