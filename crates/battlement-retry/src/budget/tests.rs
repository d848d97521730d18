use std::time::Duration;

use proptest::prelude::*;

use super::*;

const STEP_MS: u64 = 250;
const RATIOS: [f64; 13] =
    [0.0, 0.000_001, 0.1, 0.15, 0.2, 0.3, 0.333_333, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0];

/// The requests and retries of all time, each with the time in milliseconds.
#[derive(Default)]
struct Model {
    millionths: u64,
    reserve: u64,
    requests: Vec<u64>,
    retries: Vec<(u64, u64)>,
}

impl Model {
    fn retries_from(&self, least: i128) -> u64 {
        let counted = self.retries.iter().filter(|(at, _)| i128::from(*at) >= least);
        counted.map(|(_, cost)| cost).sum()
    }

    fn allowed_from(&self, least: i128) -> u64 {
        let counted = self.requests.iter().filter(|at| i128::from(**at) >= least).count();
        self.reserve + counted as u64 * self.millionths / MILLION
    }

    /// Returns whether the documented window allows a retry: steps of a quarter of a second.
    fn allows(&self, now: u64, cost: u64) -> bool {
        let step = i128::from(now / STEP_MS * STEP_MS);
        self.retries_from(step - 10_000) + cost <= self.allowed_from(step - 9_750)
    }

    /// Asserts the promise on every period of 10 seconds, after a retry at `now`.
    fn assert_promise(&self, now: u64) {
        let least = i128::from(now) - 10_000;
        assert!(self.retries_from(least) <= self.allowed_from(least), "exceeded at {now} ms");
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    Request,
    Retry(u32),
    GiveBack(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u64..600).prop_map(Step::Wait),
        1 => prop_oneof![0_u64..30_000, Just(10_000), Just(3_600_000)].prop_map(Step::Wait),
        10 => Just(Step::Request),
        8 => (1_u32..4).prop_map(Step::Retry),
        2 => any::<usize>().prop_map(Step::GiveBack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn the_budget_equals_a_list_of_all_requests_and_retries(
        ratio in proptest::sample::select(RATIOS.to_vec()),
        per_second in 0_u32..2,
        steps in proptest::collection::vec(step(), 0..300),
    ) {
        let budget = Budget::new(ratio, per_second);
        let (start, mut now) = (budget.shared.start, 0);
        let mut model = Model {
            millionths: (ratio * 1e6).round() as u64,
            reserve: u64::from(per_second) * 10,
            ..Model::default()
        };
        let mut permits = Vec::new();
        for step in steps {
            let at = start + Duration::from_millis(now);
            match step {
                Step::Wait(millis) => now += millis,
                Step::Request => {
                    budget.deposit(at);
                    model.requests.push(now);
                }
                Step::Retry(cost) => {
                    let permit = budget.withdraw(at, cost);
                    prop_assert_eq!(permit.is_some(), model.allows(now, u64::from(cost)));
                    if let Some(permit) = permit {
                        model.retries.push((now, u64::from(cost)));
                        permits.push((model.retries.len() - 1, permit));
                        model.assert_promise(now);
                    }
                }
                // The word may be older than the clock, and the model knows only the clock.
                Step::GiveBack(which) if !permits.is_empty() => {
                    let (index, permit) = permits.swap_remove(which % permits.len());
                    drop(permit);
                    model.retries[index].1 = 0;
                }
                Step::GiveBack(_) => {}
            }
            let at = start + Duration::from_millis(now);
            let left = model.allowed_from(i128::from(now / STEP_MS * STEP_MS) - 9_750);
            let used = model.retries_from(i128::from(now / STEP_MS * STEP_MS) - 10_000);
            prop_assert_eq!(budget.remaining(at), left.saturating_sub(used));
        }
    }
}

#[test]
fn every_ratio_is_exact_over_a_million_requests() {
    for ratio in RATIOS {
        let (budget, now) = (Budget::new(ratio, 0), Instant::now());
        let requests = if [0.2, 0.6, 0.7, 0.9].contains(&ratio) { 1_000_000 } else { 50_000 };
        let mut retries = 0;
        for _ in 0..requests {
            budget.deposit(now);
            if let Some(permit) = budget.withdraw(now, 1) {
                permit.spend();
                retries += 1;
            }
        }
        let expected = (ratio * 1e6).round() as u64 * requests / 1_000_000;
        assert_eq!(retries, expected, "ratio {ratio}");
    }
}

#[test]
fn two_threads_share_the_budget_exactly() {
    let (budget, now) = (Budget::new(0.7, 1), Instant::now());
    let work = || {
        let mut spent = 0;
        for call in 0..500_000 {
            budget.deposit(now);
            match budget.withdraw(now, 1) {
                Some(permit) if call % 3 == 0 => drop(permit),
                Some(permit) => {
                    permit.spend();
                    spent += 1;
                }
                None => {}
            }
        }
        spent
    };
    let spent: u64 = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(spent <= 700_010, "{spent}");
    assert_eq!(budget.remaining(now), 700_010 - spent);
}

/// Counts the retries of `seconds` in which all attempts of 200 requests per second fail, at most two retries each.
fn outage(budget: &Budget, from: Instant, seconds: u64) -> u64 {
    let mut retries = 0;
    for call in 0..200 * seconds {
        let at = from + Duration::from_millis(5 * call);
        budget.deposit(at);
        for _ in 0..2 {
            let Some(permit) = budget.withdraw(at, 1) else { break };
            permit.spend();
            retries += 1;
        }
    }
    retries
}

#[test]
fn an_outage_costs_a_fifth_more_requests_plus_one_a_second() {
    for phase in [0, 60, 125, 249] {
        let (budget, start) = (Budget::default(), Instant::now());
        for call in 0..4_000 {
            budget.deposit(start + Duration::from_millis(phase + 5 * call));
        }
        let from = start + Duration::from_millis(phase + 20_000);
        let retries = outage(&budget, from, 10);
        assert!((395..=410).contains(&retries), "{retries} retries");
        // The window loses at most two of its 40 steps in a longer outage.
        let retries = outage(&budget, from + Duration::from_secs(10), 100);
        assert!((3_900..=4_100).contains(&retries), "{retries} retries in the long outage");
    }
}

#[test]
fn ten_retries_in_one_window_need_no_requests() {
    let (budget, now) = (Budget::default(), Instant::now());
    let spend = |at| std::iter::from_fn(|| budget.withdraw(at, 1).map(BudgetPermit::spend)).count();
    assert_eq!((budget.remaining(now), spend(now), budget.remaining(now)), (10, 10, 0));
    assert_eq!(spend(now + Duration::from_secs(10)), 0);
    assert_eq!(spend(now + Duration::from_millis(10_500)), 10);
}

#[test]
fn a_timeout_may_cost_two_retries() {
    let (budget, now) = (Budget::new(0.5, 0), Instant::now());
    for _ in 0..6 {
        budget.deposit(now);
    }
    budget.withdraw(now, 2).unwrap().spend();
    assert!(budget.withdraw(now, 2).is_none());
    budget.withdraw(now, 1).unwrap().spend();
    assert!(budget.clone().withdraw(now, 1).is_none());
}

#[test]
fn a_retry_that_is_given_back_late_allows_no_more_retries_than_before() {
    let (budget, now) = (Budget::default(), Instant::now());
    let at = |seconds| now + Duration::from_secs(seconds);
    let old = budget.withdraw(now, 5).unwrap();
    budget.deposit(at(12));
    assert_eq!(budget.remaining(at(12)), 10);
    drop(old);
    assert_eq!(budget.remaining(at(12)), 10);
    let held = budget.withdraw(at(12), 5).unwrap();
    budget.withdraw(at(15), 1).unwrap().spend();
    drop(held);
    // Windows that begin between the retry and its return do not count it either.
    for seconds in 15..25 {
        assert_eq!(budget.remaining(at(seconds)), 9, "after {seconds} s");
    }
}

#[test]
fn a_retry_that_is_given_back_after_an_hour_does_not_move_the_window() {
    let (budget, now) = (Budget::new(1.0, 1), Instant::now());
    let later = now + Duration::from_secs(3_600);
    let held = budget.withdraw(now, 1).unwrap();
    budget.deposit(later);
    drop(held);
    budget.deposit(later);
    assert_eq!(budget.remaining(later), 12);
}

#[test]
fn a_thread_whose_clock_is_behind_neither_moves_the_window_back_nor_empties_it() {
    let (budget, now) = (Budget::new(1.0, 0), Instant::now());
    let later = now + Duration::from_secs(5);
    budget.deposit(later);
    budget.deposit(now);
    let permit = budget.withdraw(now, 1).unwrap();
    assert_eq!((budget.remaining(now), budget.remaining(later)), (1, 1));
    drop(permit);
    assert_eq!((budget.remaining(now), budget.remaining(later)), (2, 2));
    assert_eq!(budget.remaining(later + Duration::from_secs(10)), 0);
}

#[test]
fn a_window_at_its_highest_count_does_not_wrap() {
    let (budget, now) = (Budget::new(1.0, 1), Instant::now());
    for _ in 0..(1 << 20) + 5 {
        budget.deposit(now);
    }
    assert_eq!(budget.remaining(now), (1 << 20) - 1 + 10);
    budget.withdraw(now, (1 << 20) - 1).unwrap().spend();
    // The reserve is left, but the count of retries has reached its highest value too.
    assert!(budget.withdraw(now, 1).is_none() && budget.withdraw(now, u32::MAX).is_none());
    let later = now + Duration::from_secs(11);
    budget.deposit(later);
    assert_eq!(budget.remaining(later), 11);
}

#[test]
fn after_a_pause_of_days_the_window_is_empty() {
    let (budget, now) = (Budget::new(1.0, 0), Instant::now());
    budget.deposit(now);
    for hours in [1, 24, 24 * 30] {
        let later = now + Duration::from_secs(3_600 * hours);
        assert_eq!(budget.remaining(later), 0, "{hours} h");
        budget.deposit(later);
        assert_eq!(budget.remaining(later), 1, "{hours} h");
    }
}

#[test]
fn a_ratio_outside_0_to_1_and_an_overflow_are_errors() {
    for ratio in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let error = Budget::try_new(ratio, 10_001).unwrap_err().to_string();
        let expected = format!(
            "retry budget: ratio: must be 0 to 1, got {ratio}; per_second: must be at most 10000, got 10001"
        );
        assert_eq!(error, expected);
    }
    assert!(Budget::try_new(0.0, 0).is_ok() && Budget::try_new(1.0, 10_000).is_ok());
}
