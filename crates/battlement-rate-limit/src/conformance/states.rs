use std::time::Duration;

use crate::{Decision, PolicyState};

/// Returns whether an answer is the expected one. Times may differ by `tolerance`.
pub(super) fn is_same(
    expected: &[PolicyState],
    answered: &[PolicyState],
    tolerance: Duration,
) -> bool {
    let is_near = |one: Duration, other: Duration| one.abs_diff(other) <= tolerance;
    let is_same = |(expected, answered): (&PolicyState, &PolicyState)| {
        let decision = match (expected.decision, answered.decision) {
            (Decision::Deny { wait: Some(one) }, Decision::Deny { wait: Some(other) }) => {
                is_near(one, other)
            }
            (one, other) => one == other,
        };
        decision
            && expected.remaining == answered.remaining
            && is_near(expected.reset, answered.reset)
    };
    expected.len() == answered.len() && expected.iter().zip(answered).all(is_same)
}

/// Returns the states as text.
pub(super) fn shown(states: &[PolicyState]) -> String {
    let state = |state: &PolicyState| {
        let decision = match state.decision {
            Decision::Allow => "allow".to_owned(),
            Decision::Deny { wait: Some(wait) } => format!("deny for {wait:?}"),
            Decision::Deny { wait: None } => "deny".to_owned(),
        };
        format!("{decision}, {} remaining, more in {:?}", state.remaining, state.reset)
    };
    let states: Vec<_> = states.iter().map(state).collect();
    format!("[{}]", states.join("; "))
}
