use super::Budget;

/// A retry that was taken from a [`Budget`].
///
/// Dropping the permit gives the retry back: the call was dropped while it waited, before its next attempt.
#[derive(Debug)]
#[must_use = "dropping the permit gives the retry back"]
pub struct BudgetPermit {
    budget: Budget,
    slot: u64,
    /// Zero once the retry is spent.
    cost: u32,
}

impl BudgetPermit {
    pub(super) const fn new(budget: Budget, slot: u64, cost: u32) -> Self {
        Self { budget, slot, cost }
    }

    /// Spends the retry: its attempt begins.
    pub fn spend(mut self) {
        self.cost = 0;
    }
}

impl Drop for BudgetPermit {
    fn drop(&mut self) {
        if self.cost > 0 {
            self.budget.give_back(self.slot, self.cost);
        }
    }
}
