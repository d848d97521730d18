use tokio::time::Instant;

use crate::Budget;

/// The budget of a layer: none, one, or with HTTP one for each authority.
#[derive(Clone, Debug)]
pub enum Budgets {
    /// Retries are not limited.
    Unlimited,
    /// All calls share one budget.
    Shared(Budget),
    /// Each authority has its own budget.
    #[cfg(feature = "http")]
    PerAuthority(crate::AuthorityBudgets),
}

impl Default for Budgets {
    fn default() -> Self {
        Self::Shared(Budget::default())
    }
}

impl Budgets {
    /// Returns the number of retries that are left, or `None` if they are not limited. If each authority has its own
    /// budget, the number is that of the one with the fewest.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Option<u64> {
        match self {
            Self::Unlimited => None,
            Self::Shared(budget) => Some(budget.remaining(now)),
            #[cfg(feature = "http")]
            Self::PerAuthority(budgets) => Some(budgets.fewest(now)),
        }
    }

    /// Returns the number of authorities that have their own budget, and the most that can; `None` if all calls share
    /// one.
    #[must_use]
    pub fn authorities(&self) -> Option<(usize, usize)> {
        match self {
            #[cfg(feature = "http")]
            Self::PerAuthority(budgets) => Some((budgets.len(), budgets.cap())),
            _ => None,
        }
    }

    /// Returns the budget of calls without an authority.
    pub(crate) fn shared(&self) -> Option<Budget> {
        match self {
            Self::Unlimited => None,
            Self::Shared(budget) => Some(budget.clone()),
            #[cfg(feature = "http")]
            Self::PerAuthority(budgets) => Some(budgets.of(None)),
        }
    }

    /// Returns the budget of calls to `authority`.
    #[cfg(feature = "http")]
    pub(crate) fn of(&self, authority: Option<&http::uri::Authority>) -> Option<Budget> {
        match self {
            Self::PerAuthority(budgets) => Some(budgets.of(authority)),
            _ => self.shared(),
        }
    }
}

impl From<Budget> for Budgets {
    fn from(budget: Budget) -> Self {
        Self::Shared(budget)
    }
}

#[cfg(feature = "http")]
impl From<crate::AuthorityBudgets> for Budgets {
    fn from(budgets: crate::AuthorityBudgets) -> Self {
        Self::PerAuthority(budgets)
    }
}

impl From<Option<Budget>> for Budgets {
    fn from(budget: Option<Budget>) -> Self {
        budget.map_or(Self::Unlimited, Self::Shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlimited_retries_have_no_number_that_remains() {
        assert_eq!(Budgets::Unlimited.remaining(Instant::now()), None);
        assert_eq!(Budgets::Unlimited.authorities(), None);
    }

    #[test]
    fn a_shared_budget_has_what_remains_of_it() {
        let (budget, now) = (Budget::new(0.0, 1), Instant::now());
        let budgets = Budgets::from(budget.clone());
        budget.withdraw(now, 4).unwrap().spend();
        assert_eq!((budgets.remaining(now), budgets.authorities()), (Some(6), None));
    }

    #[cfg(feature = "http")]
    #[test]
    fn budgets_by_authority_have_a_number_of_authorities_and_its_cap() {
        let budgets = Budgets::from(Budget::default().per_authority(3));
        assert_eq!(budgets.authorities(), Some((0, 3)));
        budgets.of(Some(&"stock:80".parse().unwrap()));
        assert_eq!((budgets.authorities(), budgets.shared().is_some()), (Some((1, 3)), true));
    }
}
