use super::reference::Reference;
use crate::{
    Policies, Policy, PolicyState, Query,
    algorithm::{self, Cell},
};

/// The cells of one key by the policies' ids, for tests in which policies change: the definition of a change is the
/// conversion of cells in [`algorithm`].
#[derive(Clone, Debug, Default)]
pub(super) struct Cells(Vec<(u128, Cell)>);

/// The time of a charge, and the states that it left.
#[derive(Clone, Debug)]
pub(super) struct CellsCharge {
    at: u64,
    states: Vec<PolicyState>,
}

impl Cells {
    fn apply<T>(&mut self, policies: &Policies, decide: impl FnOnce(&mut [Cell]) -> T) -> T {
        let mut cells: Vec<_> = policies.iter().map(|policy| self.read(policy)).collect();
        let decided = decide(&mut cells);
        for (policy, cell) in policies.iter().zip(cells) {
            self.remove(policy);
            self.0.push((policy.id(), cell));
        }
        decided
    }

    fn read(&self, policy: &Policy) -> Cell {
        let cell = self.0.iter().find(|(id, _)| *id == policy.id());
        cell.map_or_else(Cell::default, |(_, cell)| *cell)
    }

    fn remove(&mut self, policy: &Policy) {
        self.0.retain(|(id, _)| *id != policy.id());
    }
}

impl Reference for Cells {
    type Charge = CellsCharge;

    fn acquire(&mut self, query: &Query<'_>, now: u64) -> (Option<CellsCharge>, Vec<PolicyState>) {
        let decide = |cells: &mut [Cell]| algorithm::acquire(query, cells, now).to_vec();
        let states = self.apply(query.policies, decide);
        let mut decided = states.iter().zip(query.policies.iter());
        let is_allowed = decided.all(|(state, policy)| !state.is_denied() || policy.is_shadow());
        let charge =
            (is_allowed && query.cost > 0).then(|| CellsCharge { at: now, states: states.clone() });
        (charge, states)
    }

    fn peek(&mut self, query: &Query<'_>, now: u64) -> Vec<PolicyState> {
        self.apply(query.policies, |cells| algorithm::peek(query, cells, now).to_vec())
    }

    fn refund(&mut self, query: &Query<'_>, now: u64, charge: &CellsCharge) {
        self.apply(query.policies, |cells| {
            algorithm::refund(query, cells, now, charge.at, &charge.states);
        });
    }

    fn reset(&mut self, query: &Query<'_>) {
        query.policies.iter().for_each(|policy| self.remove(policy));
    }

    fn revives(&self, latest: u64, now: u64) -> bool {
        self.0.iter().any(|(_, cell)| (now + 1..=latest).contains(&cell.expires_at()))
    }
}
