use std::time::Duration;

use super::random::Random;
use crate::{Algorithm, Policies, Policy};

pub(super) const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow];

const NAMES: [&str; 3] = ["a", "b", "c"];
/// The period of slow policies, in which no unit is restored during a test.
const SLOW: Duration = Duration::from_secs(30 * 86_400);

/// Returns random policies; slow ones restore no unit during a test.
pub(super) fn random(random: &mut Random, is_slow: bool) -> Policies {
    let count = 1 + random.index(NAMES.len());
    let policy = |name: &&str| {
        let algorithm = random.pick(&ALGORITHMS);
        random_policy(random, name, algorithm, is_slow)
    };
    Policies::new(NAMES[..count].iter().map(policy))
}

/// Returns policies that replace others, most of which keep their algorithm.
pub(super) fn replacing(random: &mut Random, replaced: &Policies, is_slow: bool) -> Policies {
    let count = 1 + random.index(NAMES.len());
    let policy = |(index, name): (usize, &&str)| {
        let kept = replaced.get(index).filter(|_| random.chance(80));
        let algorithm = kept.map(|policy| policy.rule().algorithm());
        let algorithm = algorithm.unwrap_or_else(|| random.pick(&ALGORITHMS));
        random_policy(random, name, algorithm, is_slow)
    };
    Policies::new(NAMES[..count].iter().enumerate().map(policy))
}

/// Returns a policy that restores no unit during a test.
pub(super) fn slow(name: &str, quota: u32, algorithm: Algorithm) -> Policy {
    Policy::new(name, quota, SLOW).algorithm(algorithm)
}

fn random_policy(random: &mut Random, name: &str, algorithm: Algorithm, is_slow: bool) -> Policy {
    let quotas = random.pick(&[3, 20, 1_000]);
    let quota = 1 + random.units_below(quotas);
    let millis = random.pick(&[20, 10_000, 600_000]);
    let period = Duration::from_millis(1 + random.below(millis));
    let period = if is_slow { SLOW } else { period };
    let policy = Policy::new(name, quota, period).shadow(random.chance(20)).algorithm(algorithm);
    if algorithm == Algorithm::Gcra && random.chance(50) {
        return policy.burst(1 + random.units_below(2 * quota));
    }
    policy
}

/// Returns the policies as text.
pub(super) fn described(policies: &Policies) -> String {
    let policy = |policy: &Policy| {
        let shadow = if policy.is_shadow() { ", shadow" } else { "" };
        let burst = Some(policy.capacity()).filter(|capacity| *capacity != policy.quota());
        let burst = burst.map(|burst| format!(", burst {burst}")).unwrap_or_default();
        let (algorithm, quota, period) =
            (policy.rule().algorithm(), policy.quota(), policy.period());
        format!("`{}`: {algorithm:?}, {quota} per {period:?}{burst}{shadow}", policy.name())
    };
    let policies: Vec<_> = policies.iter().map(policy).collect();
    format!("[{}]", policies.join("; "))
}
