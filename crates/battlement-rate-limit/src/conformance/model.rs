//! A plain model of a store: lists of charges, and a single rule by which all algorithms decide.
//!
//! The model shares no code with [`algorithm`](crate::algorithm). Each algorithm only says how many units count as used
//! at a time; the decision, the wait and the reset follow from that.

mod bucket;
mod charge;
mod fixed;
mod level;
mod sliding;

use std::time::Duration;

use self::level::Level;
use super::reference::Reference;
use crate::{Decision, Policies, Policy, PolicyState, Query};

/// The state of one key under policies that do not change.
#[derive(Clone, Debug)]
pub(super) struct Model {
    levels: Vec<Level>,
    shadow: Vec<bool>,
    charges: usize,
}

/// A charge that a refund may name.
#[derive(Clone, Debug)]
pub(super) struct ModelCharge {
    id: usize,
    /// Whether each policy was charged: a shadow policy that denied the request was not.
    charged: Vec<bool>,
}

impl Model {
    pub(super) fn new(policies: &Policies) -> Self {
        Self {
            levels: policies.iter().map(Level::new).collect(),
            shadow: policies.iter().map(Policy::is_shadow).collect(),
            charges: 0,
        }
    }

    fn charge(&mut self, now: u64, cost: u32, charged: Vec<bool>) -> ModelCharge {
        self.charges += 1;
        for (level, _) in self.levels.iter_mut().zip(&charged).filter(|(_, takes)| **takes) {
            level.charge(now, cost, self.charges);
        }
        ModelCharge { id: self.charges, charged }
    }

    fn settle(&mut self, now: u64) {
        self.levels.iter_mut().for_each(|level| level.settle(now));
    }

    fn decisions(&self, now: u64, cost: u32) -> Vec<Decision> {
        self.levels.iter().map(|level| level.decide(now, cost)).collect()
    }

    fn states(&self, now: u64, decisions: Vec<Decision>) -> Vec<PolicyState> {
        let state = |(level, decision): (&Level, Decision)| PolicyState {
            decision,
            remaining: level.remaining(now),
            reset: Duration::from_nanos(level.reset_after(now)),
        };
        self.levels.iter().zip(decisions).map(state).collect()
    }
}

impl Reference for Model {
    type Charge = ModelCharge;

    fn acquire(&mut self, query: &Query<'_>, now: u64) -> (Option<ModelCharge>, Vec<PolicyState>) {
        self.settle(now);
        let decisions = self.decisions(now, query.cost);
        let fits: Vec<_> = decisions.iter().map(|decision| !decision.is_denied()).collect();
        let is_allowed = fits.iter().zip(&self.shadow).all(|(fits, shadow)| *fits || *shadow);
        let charge = (is_allowed && query.cost > 0).then(|| self.charge(now, query.cost, fits));
        (charge, self.states(now, decisions))
    }

    fn peek(&mut self, query: &Query<'_>, now: u64) -> Vec<PolicyState> {
        self.settle(now);
        self.states(now, self.decisions(now, query.cost))
    }

    fn refund(&mut self, _: &Query<'_>, now: u64, charge: &ModelCharge) {
        for (level, _) in self.levels.iter_mut().zip(&charge.charged).filter(|(_, took)| **took) {
            level.settle(now);
            level.refund(now, charge.id);
        }
    }

    fn reset(&mut self, _: &Query<'_>) {
        self.levels.iter_mut().for_each(Level::reset);
    }

    fn revives(&self, latest: u64, now: u64) -> bool {
        self.levels.iter().any(|level| (now + 1..=latest).contains(&level.expires_at()))
    }
}
