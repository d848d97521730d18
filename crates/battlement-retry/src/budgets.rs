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
