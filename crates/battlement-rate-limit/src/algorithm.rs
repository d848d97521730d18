//! The algorithms, as pure functions: the state and the time are arguments.
//!
//! A [`Store`](crate::Store) keeps a [`Cell`] for each key and policy where it likes. It reads the cells of a key,
//! decides with [`acquire`], [`peek`] or [`refund`], and writes them back, all of that atomically. Its decisions are
//! then the same as those of [`Memory`](crate::Memory). [`Policy::id`] identifies the cell of a policy among those of
//! a key.
//!
//! A store that decides elsewhere, such as in a script on a server, uses the [`Numbers`] of a [`Rule`].
//!
//! # Time
//!
//! Times are in nanoseconds by the clock of the store, since any point in time. All cells of a key are read and
//! written by the same clock. If that clock is set back, clients do not wait longer than their policy takes to restore
//! all units. Times later than 2^53 microseconds (285 years) count as that time.
//!
//! # Example
//!
//! ```
//! use battlement_rate_limit::{
//!     Key, Policies, Policy, Query, RateLimitLayer,
//!     algorithm::{self, Cell},
//! };
//! # let (_, handle) = RateLimitLayer::new(Policy::per_minute("calls", 2), Key::by(|_| Some("key"))).pair();
//! # let key = handle.key(&http::Request::new(())).ok_or("every request has this key")?;
//!
//! const SECOND: u64 = 1_000_000_000;
//!
//! let policies = Policies::from(Policy::per_minute("calls", 2));
//! let query = Query::new(key, &policies, 1, tokio::time::Instant::now());
//! let mut cells = [Cell::default()];
//! assert_eq!(algorithm::acquire(&query, &mut cells, 5 * SECOND)[0].remaining, 1);
//! assert_eq!(algorithm::acquire(&query, &mut cells, 5 * SECOND)[0].remaining, 0);
//! assert!(algorithm::acquire(&query, &mut cells, 34 * SECOND)[0].is_denied());
//! assert!(!algorithm::acquire(&query, &mut cells, 35 * SECOND)[0].is_denied());
//! # Ok::<_, &str>(())
//! ```

mod cell;
mod denied;
mod fixed;
mod gcra;
mod numbers;
mod remaining;
mod rule;
mod sliding;
#[cfg(test)]
mod tests;
mod window;

use smallvec::SmallVec;

pub use self::{cell::Cell, numbers::Numbers, rule::Rule};
use self::{cell::LAST, gcra::Gcra, window::Window};
pub(crate) use self::{denied::Denied, remaining::Remaining, rule::interval};
use crate::{Policy, PolicyState, Query};

type States = SmallVec<[PolicyState; 2]>;
type Charged = SmallVec<[Result<Cell, Denied>; 2]>;

/// Charges the cost to all policies, if all of them allow it, and returns the state under each.
///
/// A [shadow](Policy::shadow) policy does not reject the request: the other policies are charged even if it denies the
/// cost. It is charged itself if it allows the cost.
///
/// `cells` contains the cell of each policy, in their order, and the default for each that the store does not hold.
/// Every cell that has changed must be stored, after a denial as well: a policy converts a cell that was written under
/// other numbers, and the wait that it reports counts from that conversion.
///
/// # Panics
///
/// Panics if the number of cells is not that of the policies.
#[must_use]
pub fn acquire(query: &Query<'_>, cells: &mut [Cell], now: u64) -> SmallVec<[PolicyState; 2]> {
    let now = now.min(LAST);
    let charged = charge_all(query, cells, now);
    let rejects =
        |(policy, charged): (&Policy, &Result<_, _>)| charged.is_err() && !policy.is_shadow();
    let is_rejected = query.policies.iter().zip(&charged).any(rejects);
    if !is_rejected && query.cost > 0 {
        for (cell, charged) in cells.iter_mut().zip(&charged) {
            *cell = charged.unwrap_or(*cell);
        }
    }
    states(query, cells, charged, now)
}

/// Returns the state under each policy, with the decision that [`acquire`] would make, without charging anything.
///
/// Cells that have changed must be stored, as for `acquire`.
///
/// # Panics
///
/// Panics if the number of cells is not that of the policies.
#[must_use]
pub fn peek(query: &Query<'_>, cells: &mut [Cell], now: u64) -> SmallVec<[PolicyState; 2]> {
    let now = now.min(LAST);
    let charged = charge_all(query, cells, now);
    states(query, cells, charged, now)
}

/// Refunds the cost that [`acquire`] has charged at `charged_at`, when it returned `charged`, except for the units that
/// have been restored since.
///
/// `query` is the one that `acquire` has answered: another cost would refund units of other requests.
///
/// A policy that has denied the cost gets no refund. If `acquire` has charged nothing, since one of the policies
/// rejected the request, this function must not be called.
///
/// # Panics
///
/// Panics if the number of cells or states is not that of the policies.
pub fn refund(
    query: &Query<'_>,
    cells: &mut [Cell],
    now: u64,
    charged_at: u64,
    charged: &[PolicyState],
) {
    let (now, charged_at) = (now.min(LAST), charged_at.min(LAST));
    assert_eq!(cells.len(), query.policies.len(), "a cell for each policy");
    assert_eq!(charged.len(), query.policies.len(), "a state for each policy");
    for ((policy, cell), state) in query.policies.iter().zip(cells).zip(charged) {
        if !state.is_denied() && !cell.is_spent(now) {
            *cell = policy.rule().refund(*cell, now, query.cost, charged_at, Remaining::of(state));
        }
    }
}

/// Settles all cells, and returns each as it would be after the cost.
fn charge_all(query: &Query<'_>, cells: &mut [Cell], now: u64) -> Charged {
    assert_eq!(cells.len(), query.policies.len(), "a cell for each policy");
    let charge = |(policy, cell): (&Policy, &mut Cell)| {
        *cell = policy.rule().settle(*cell, now);
        policy.rule().take(*cell, now, query.cost)
    };
    query.policies.iter().zip(cells).map(charge).collect()
}

fn states(query: &Query<'_>, cells: &[Cell], charged: Charged, now: u64) -> States {
    let state = |((policy, cell), charged): ((&Policy, &Cell), Result<Cell, Denied>)| {
        PolicyState::new(charged.map(drop), policy.rule().remaining(*cell, now))
    };
    query.policies.iter().zip(cells).zip(charged).map(state).collect()
}
