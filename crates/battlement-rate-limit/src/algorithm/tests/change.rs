//! Policies whose numbers change, and clocks that are set.

use super::*;

const HOUR: u64 = 3_600 * SECOND;

/// The numbers of a rule: units, and the time in which all of them are restored.
type Numbers = (u32, u64);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Gcra,
    Fixed,
    Sliding,
}

const KINDS: [Kind; 3] = [Kind::Gcra, Kind::Fixed, Kind::Sliding];

impl Kind {
    fn rule(self, (units, period): Numbers) -> Rule {
        match self {
            Self::Gcra => gcra(period.div_ceil(units.into()), units),
            Self::Fixed => fixed(units, period),
            Self::Sliding => sliding(units, period),
        }
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(KINDS.to_vec())
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let period = prop_oneof![1_000_000..SECOND, SECOND..HOUR, HOUR..10_000 * HOUR];
    (prop_oneof![1_u32..20, 1_u32..5_000], period)
}

/// Returns a few policies that replace each other.
fn several() -> impl Strategy<Value = Vec<Numbers>> {
    prop::collection::vec(numbers(), 1..4)
}

#[derive(Clone, Copy, Debug)]
struct Step {
    /// The policy that applies.
    policy: prop::sample::Index,
    /// The movement of the clock, and whether it is set back.
    passes: u64,
    is_back: bool,
    /// The cost, in percent of the policy's capacity.
    cost: u32,
}

fn steps_of_any_clock() -> impl Strategy<Value = Vec<Step>> {
    let time = prop_oneof![Just(0), 0..SECOND, 0..HOUR, 0..1_000 * HOUR];
    let step = (any::<prop::sample::Index>(), time, prop::bool::weighted(0.2), 0_u32..110);
    let step =
        step.prop_map(|(policy, passes, is_back, cost)| Step { policy, passes, is_back, cost });
    prop::collection::vec(step, 1..60)
}

fn remaining_of(rule: &Rule, cell: Cell, now: u64) -> Remaining {
    rule.remaining(rule.settle(cell, now), now)
}

fn used(rule: &Rule, (units, _): Numbers, cell: Cell, now: u64) -> u32 {
    units - remaining_of(rule, cell, now).units
}

/// A denied charge, with the cell after it.
struct Denial {
    rule: Rule,
    numbers: Numbers,
    cell: Cell,
    now: u64,
    cost: u32,
    wait: Option<u64>,
}

/// Takes the steps, and returns the denials.
fn denials(kind: Kind, policies: &[Numbers], steps: &[Step]) -> Vec<Denial> {
    let (mut cell, mut now) = (Cell::default(), 1_000_000 * HOUR);
    let denial = |step: &Step| {
        let numbers = *step.policy.get(policies);
        let (rule, cost) = (kind.rule(numbers), (numbers.0 * step.cost).div_ceil(100));
        now = if step.is_back { now - step.passes } else { now + step.passes };
        let Denied { wait } = rule.charge(&mut cell, now, cost).0.err()?;
        Some(Denial { rule, numbers, cell, now, cost, wait })
    };
    steps.iter().filter_map(denial).collect()
}

proptest! {
    #[test]
    fn a_client_that_waits_as_reported_is_admitted_after_any_change_of_policy_and_clock(
        kind in kind(), policies in several(), steps in steps_of_any_clock(),
    ) {
        for Denial { rule, cell, now, cost, numbers, wait } in denials(kind, &policies, &steps) {
            let Some(wait) = wait else { prop_assert!(cost > numbers.0); continue };
            let (mut early, mut obedient) = (cell, cell);
            prop_assert!(rule.charge(&mut early, now + wait - 1, cost).0.is_err());
            prop_assert!(rule.charge(&mut obedient, now + wait, cost).0.is_ok());
        }
    }

    #[test]
    fn a_reported_wait_is_no_longer_than_the_policy_takes_to_recover(
        kind in kind(), policies in several(), steps in steps_of_any_clock(),
    ) {
        for Denial { numbers, wait, .. } in denials(kind, &policies, &steps) {
            // The interval of GCRA is rounded up.
            let most = numbers.1 + u64::from(numbers.0);
            let periods = if matches!(kind, Kind::Sliding) { 2 } else { 1 };
            prop_assert!(wait.unwrap_or_default() <= periods * most);
        }
    }

    #[test]
    fn units_that_were_used_stay_used_when_a_policy_changes_and_when_it_changes_back(
        kind in kind(), old in numbers(), new in numbers(), part in 0.0..=1.0, is_charged: bool,
    ) {
        let (before, after) = (kind.rule(old), kind.rule(new));
        let (mut cell, now) = (Cell::default(), HOUR);
        let units = (f64::from(old.0) * part) as u32;
        prop_assert!(before.charge(&mut cell, now, units).0.is_ok());
        prop_assert_eq!(remaining_of(&after, cell, now).units, new.0.saturating_sub(units));
        if is_charged && after.charge(&mut cell, now, new.0).0.is_ok() {
            return Ok(());
        }
        prop_assert_eq!(remaining_of(&before, cell, now).units, old.0 - units);
    }

    #[test]
    fn a_change_of_policy_gives_back_no_more_than_the_unit_that_is_about_to_come_back(
        kind in kind(), old in numbers(), new in numbers(), part in 0.0..=1.0, passed in 0.0..1.0,
    ) {
        let (before, after) = (kind.rule(old), kind.rule(new));
        let (mut cell, mut now) = (Cell::default(), HOUR);
        prop_assert!(before.charge(&mut cell, now, (f64::from(old.0) * part) as u32).0.is_ok());
        now += (old.1 as f64 * passed) as u64;
        let (used_before, used_after) = (used(&before, old, cell, now), used(&after, new, cell, now));
        prop_assert!(used_after <= used_before.min(new.0));
        prop_assert!(used_after >= used_before.saturating_sub(1).min(new.0));
    }

    #[test]
    fn a_denial_by_one_of_two_policies_of_a_name_gives_nothing_back_to_the_other(
        kind in kind(), old in numbers(), new in numbers(), part in 0.0..=1.0, turns in 1..20,
    ) {
        let (before, after) = (kind.rule(old), kind.rule(new));
        let (mut cell, now) = (Cell::default(), HOUR);
        let units = (f64::from(old.0) * part) as u32;
        prop_assert!(before.charge(&mut cell, now, units).0.is_ok());
        for _ in 0..turns {
            if after.charge(&mut cell, now, new.0).0.is_ok() {
                break;
            }
            let (denied, left) = before.charge(&mut cell, now, u32::MAX);
            prop_assert!(denied.is_err());
            prop_assert_eq!(left.units, old.0 - units);
        }
    }
}

#[test]
fn a_client_at_the_limit_of_a_larger_policy_waits_as_the_smaller_one_says() {
    let ten_per_hour = gcra(360 * SECOND, 10);
    let mut cell = ten_per_hour.take(Cell::default(), 0, 10).unwrap();
    let ten_per_minute = gcra(6 * SECOND, 10);
    let wait = ten_per_minute.charge(&mut cell, 0, 1).0.unwrap_err().wait.unwrap();
    assert_eq!(wait, 6 * SECOND);
    assert!(ten_per_minute.charge(&mut cell, wait, 1).0.is_ok());
}

#[test]
fn a_client_that_gets_a_larger_limit_has_what_it_has_not_used() {
    for kind in KINDS {
        let mut cell = Cell::default();
        assert!(kind.rule((10, HOUR)).charge(&mut cell, 0, 10).0.is_ok());
        assert_eq!(remaining_of(&kind.rule((1_000, HOUR)), cell, 0).units, 990, "{kind:?}");
        let (taken, left) = kind.rule((1_000, HOUR)).charge(&mut cell, 0, 1);
        assert_eq!((taken.is_ok(), left.units), (true, 989), "{kind:?}");
    }
}

#[test]
fn a_client_that_gets_a_smaller_limit_than_it_has_used_has_nothing_left() {
    for kind in KINDS {
        let mut cell = Cell::default();
        assert!(kind.rule((1_000, HOUR)).charge(&mut cell, 0, 500).0.is_ok());
        let (taken, left) = kind.rule((10, HOUR)).charge(&mut cell, 0, 1);
        assert_eq!((taken.is_ok(), left.units), (false, 0), "{kind:?}");
        let restored = remaining_of(&kind.rule((1_000, HOUR)), cell, 0);
        assert_eq!(restored.units, 500, "{kind:?}: and as before if the change is reverted");
    }
}

#[test]
fn a_refund_reaches_a_cell_that_another_policy_of_the_name_has_written_since() {
    for kind in KINDS {
        for (old, new) in [((10, HOUR), (100, 60 * SECOND)), ((100, 60 * SECOND), (10, HOUR))] {
            let (before, after) = (kind.rule(old), kind.rule(new));
            let mut cell = Cell::default();
            let (_, left) = before.charge(&mut cell, HOUR, 5);
            assert!(after.charge(&mut cell, HOUR, 2).0.is_ok());
            let cell = before.refund(cell, HOUR, 5, HOUR, left);
            assert_eq!(remaining_of(&after, cell, HOUR).units, new.0 - 2, "{kind:?}");
        }
    }
}

#[test]
fn a_refund_by_a_smaller_policy_gives_back_no_more_than_its_cost() {
    for kind in KINDS {
        let (small, large) = (kind.rule((10, HOUR)), kind.rule((1_000, HOUR)));
        let mut cell = Cell::default();
        let (_, left) = small.charge(&mut cell, HOUR, 5);
        assert!(large.charge(&mut cell, HOUR, 95).0.is_ok());
        let cell = small.refund(cell, HOUR, 5, HOUR, left);
        assert_eq!(remaining_of(&large, cell, HOUR).units, 905, "{kind:?}");
    }
}

#[test]
fn units_that_come_back_under_a_new_policy_come_at_its_pace() {
    for kind in KINDS {
        let (hour, minute) = (kind.rule((60, HOUR)), kind.rule((60, 60 * SECOND)));
        let mut cell = Cell::default();
        assert!(hour.charge(&mut cell, HOUR, 60).0.is_ok());
        let _ = minute.charge(&mut cell, HOUR, 1);
        assert_eq!(remaining_of(&minute, cell, HOUR + 120 * SECOND).units, 60, "{kind:?}");
        let mut cell = Cell::default();
        assert!(minute.charge(&mut cell, HOUR, 60).0.is_ok());
        let _ = hour.charge(&mut cell, HOUR, 1);
        assert_eq!(remaining_of(&hour, cell, HOUR + 59 * SECOND).units, 0, "{kind:?}");
    }
}

#[test]
fn a_window_keeps_the_share_of_its_period_that_has_passed() {
    let minute = 60 * SECOND;
    for (kind, units, wait) in
        [(Kind::Gcra, 5, HOUR / 10), (Kind::Fixed, 0, HOUR / 2), (Kind::Sliding, 0, HOUR * 6 / 10)]
    {
        let mut cell = Cell::default();
        assert!(kind.rule((10, minute)).charge(&mut cell, HOUR, 10).0.is_ok());
        let left = remaining_of(&kind.rule((10, HOUR)), cell, HOUR + minute / 2);
        assert_eq!(left, Remaining { units, reset: wait }, "{kind:?}");
    }
}

#[test]
fn units_that_were_used_beyond_a_smaller_policy_stay_used_when_it_admits_again() {
    let (large, small) = (Kind::Gcra.rule((1_000, HOUR)), Kind::Gcra.rule((10, HOUR)));
    let mut cell = Cell::default();
    assert!(large.charge(&mut cell, HOUR, 500).0.is_ok());
    let wait = small.charge(&mut cell, HOUR, 1).0.unwrap_err().wait.unwrap();
    let later = HOUR + wait;
    assert!(small.charge(&mut cell, later, 1).0.is_ok());
    // The small policy has restored one of its ten units, and with it a tenth of what was used.
    assert_eq!(remaining_of(&large, cell, later).units, 1_000 - 451);
}

#[test]
fn a_cell_without_a_valid_interval_counts_by_the_interval_of_the_policy() {
    let rule = Kind::Gcra.rule((10, 10 * SECOND));
    for nanos in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let cell = Cell { until: HOUR + 3 * SECOND, state: nanos.to_bits(), rule: 1 };
        assert_eq!(remaining_of(&rule, cell, HOUR).units, 7, "{nanos}");
    }
}

#[test]
fn a_cell_that_is_settled_or_expired_is_not_changed() {
    for kind in KINDS {
        let (rule, other) = (kind.rule((10, HOUR)), kind.rule((20, 60 * SECOND)));
        let mut cell = Cell::default();
        assert!(rule.charge(&mut cell, HOUR, 5).0.is_ok());
        assert_eq!(rule.settle(cell, HOUR), cell, "{kind:?}");
        assert_ne!(other.settle(cell, HOUR), cell, "{kind:?}");
        for rule in [rule, other] {
            assert_eq!(rule.settle(cell, 4 * HOUR), cell, "{kind:?}");
        }
    }
}
