use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use http::uri::Authority;
use tokio::time::Instant;

use super::Budget;

/// A budget for each authority (host and port) that a client calls.
///
/// A host that is down then does not spend the budget of the others. The number of budgets is bounded, because a client of a
/// service may choose the hosts that it calls: once `cap` authorities have been seen, all further ones share one
/// budget. A budget is kept as long as the value; [`len`](Self::len) tells how many there are.
///
/// Clones share the budgets.
///
/// # Example
///
/// ```
/// use battlement_retry::Budget;
///
/// let budgets = Budget::default().per_authority(1_000);
/// let of = |host: &str| budgets.of(Some(&host.parse().unwrap()));
/// assert!(of("billing:80").is_same(&of("Billing:80")));
/// assert!(!of("billing:80").is_same(&of("stock:80")));
/// ```
#[derive(Clone)]
pub struct AuthorityBudgets {
    shared: Budget,
    cap: usize,
    of: Arc<RwLock<HashMap<Authority, Budget>>>,
}

impl Budget {
    /// Creates a budget with these settings for each authority, up to `cap` of them. Further authorities, and requests
    /// without one, share this budget.
    #[must_use]
    pub fn per_authority(self, cap: usize) -> AuthorityBudgets {
        AuthorityBudgets { shared: self, cap, of: Arc::default() }
    }
}

impl AuthorityBudgets {
    /// Returns the budget of `authority`, which has the host in any case of letters.
    #[must_use]
    pub fn of(&self, authority: Option<&Authority>) -> Budget {
        let Some(authority) = authority else { return self.shared.clone() };
        {
            let of = self.of.read().unwrap_or_else(PoisonError::into_inner);
            match of.get(authority) {
                Some(budget) => return budget.clone(),
                None if of.len() >= self.cap => return self.shared.clone(),
                None => {}
            }
        }
        self.insert(authority)
    }

    /// Returns the number of authorities with a budget of their own.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns the most authorities that can have a budget of their own.
    #[must_use]
    pub const fn cap(&self) -> usize {
        self.cap
    }

    /// Returns the number of retries that are left in the budget with the fewest.
    #[must_use]
    pub fn fewest(&self, now: Instant) -> u64 {
        let of = self.of.read().unwrap_or_else(PoisonError::into_inner);
        let budgets = of.values().chain([&self.shared]);
        budgets.map(|budget| budget.remaining(now)).min().unwrap_or_default()
    }

    /// Returns whether no authority has a budget of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Inserts a budget, unless another thread has inserted it, or filled the map, since the search.
    #[cold]
    fn insert(&self, authority: &Authority) -> Budget {
        let mut of = self.of.write().unwrap_or_else(PoisonError::into_inner);
        if of.len() >= self.cap && !of.contains_key(authority) {
            return self.shared.clone();
        }
        of.entry(authority.clone()).or_insert_with(|| self.shared.empty()).clone()
    }
}

impl fmt::Debug for AuthorityBudgets {
    // An authority may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorityBudgets")
            .field("budget", &self.shared)
            .field("cap", &self.cap)
            .field("len", &self.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(budgets: &AuthorityBudgets, host: &str) -> Budget {
        budgets.of(Some(&host.parse().unwrap()))
    }

    #[test]
    fn a_dead_host_does_not_spend_the_budget_of_another() {
        let (budgets, now) = (Budget::default().per_authority(10), Instant::now());
        while let Some(permit) = of(&budgets, "dead:80").withdraw(now, 1) {
            permit.spend();
        }
        assert_eq!(of(&budgets, "DEAD:80").remaining(now), 0);
        assert_eq!(of(&budgets, "well:80").remaining(now), 10);
        assert_eq!(budgets.clone().len(), 2);
    }

    #[test]
    fn each_host_has_a_budget_of_the_same_settings() {
        let (budgets, now) = (Budget::new(0.5, 3).per_authority(10), Instant::now());
        let budget = of(&budgets, "a");
        assert_eq!(budget.remaining(now), 30);
        (0..10).for_each(|_| budget.deposit(now));
        assert_eq!((budget.remaining(now), of(&budgets, "b").remaining(now)), (35, 30));
    }

    #[test]
    fn at_the_cap_further_hosts_share_one_budget() {
        let shared = Budget::default();
        let budgets = shared.clone().per_authority(2);
        assert!(budgets.is_empty() && budgets.of(None).is_same(&shared));
        for host in ["a", "b", "c", "d"] {
            assert_eq!(of(&budgets, host).is_same(&shared), !["a", "b"].contains(&host), "{host}");
        }
        assert_eq!((budgets.len(), budgets.is_empty()), (2, false));
        assert!(!of(&budgets, "a").is_same(&of(&budgets, "b")));
    }

    #[test]
    fn the_fewest_retries_are_those_of_the_host_that_has_spent_most() {
        let (budgets, now) = (Budget::default().per_authority(2), Instant::now());
        assert_eq!((budgets.fewest(now), budgets.cap()), (10, 2));
        of(&budgets, "well").withdraw(now, 1).unwrap().spend();
        of(&budgets, "dead").withdraw(now, 7).unwrap().spend();
        assert_eq!(budgets.fewest(now), 3);
        // A host beyond the cap spends the shared budget.
        of(&budgets, "third").withdraw(now, 9).unwrap().spend();
        assert_eq!(budgets.fewest(now), 1);
    }

    #[test]
    fn threads_that_meet_a_new_host_get_one_budget() {
        let budgets = Budget::default().per_authority(1);
        let found: Vec<_> = std::thread::scope(|scope| {
            let tasks: Vec<_> = (0..4).map(|_| scope.spawn(|| of(&budgets, "a"))).collect();
            tasks.into_iter().map(|task| task.join().unwrap()).collect()
        });
        assert!(found.iter().all(|budget| budget.is_same(&found[0])));
        assert_eq!(budgets.len(), 1);
    }

    #[test]
    fn a_thread_that_meets_a_host_which_another_has_inserted_gets_its_budget() {
        let shared = Budget::default();
        let budgets = shared.clone().per_authority(1);
        let insert = |host: &str| budgets.insert(&host.parse().unwrap());
        let first = insert("a");
        assert!(!first.is_same(&shared) && insert("a").is_same(&first));
        // Another thread has filled the map.
        assert!(insert("b").is_same(&shared));
        assert_eq!(budgets.len(), 1);
    }

    #[test]
    fn no_password_in_an_authority_is_shown() {
        let budgets = Budget::default().per_authority(10);
        of(&budgets, "user:secret@host:80");
        let shown = "AuthorityBudgets { budget: Budget { ratio: 0.2, per_second: 1, .. }, cap: 10, len: 1 }";
        assert_eq!(format!("{budgets:?}"), shown);
    }
}
