//! The pure algorithms: they decide as the store in memory does, and accept any bytes as cells.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use battlement_rate_limit::{
    Algorithm, Decision, Key, KeyHash, Memory, Policies, Policy, PolicyState, Query,
    RateLimitLayer,
    algorithm::{self, Cell},
};
use http::Request;
use proptest::{collection::vec, prelude::*, sample::select};
use tokio::time::Instant;

const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow];
const NANOS_OF_HOUR: u64 = 3_600_000_000_000;
/// The time that all later ones count as.
const LAST: u64 = (1 << 53) * 1_000;

fn key() -> KeyHash {
    let (_, handle) = RateLimitLayer::new(Policy::per_day("any", 1), Key::by(|_| Some(1))).pair();
    handle.key(&Request::new(())).unwrap()
}

fn policy(name: &'static str) -> impl Strategy<Value = Policy> {
    let period = prop_oneof![1_000_u64..60_000, 60_000_u64..1 << 42];
    let quota = prop_oneof![1_u32..20, 1_u32..=u32::MAX];
    let numbers =
        (select(&ALGORITHMS[..]), quota, period, prop::option::of(1_u32..50), any::<bool>());
    numbers.prop_filter_map(
        "the rate is invalid",
        move |(algorithm, quota, millis, burst, shadow)| {
            let policy = Policy::try_new(name, quota, Duration::from_millis(millis)).ok()?;
            let burst = burst.filter(|_| algorithm == Algorithm::Gcra && millis < 1 << 32);
            let policy = policy.algorithm(algorithm).shadow(shadow);
            Some(burst.into_iter().fold(policy, Policy::burst))
        },
    )
}

/// Returns sets of one to three policies that replace each other.
fn sets() -> impl Strategy<Value = Vec<Policies>> {
    let set = (policy("a"), policy("b"), policy("c"), 1..=3_usize)
        .prop_map(|(a, b, c, count)| Policies::new([a, b, c].into_iter().take(count)));
    vec(set, 1..4)
}

#[derive(Clone, Copy, Debug)]
enum Operation {
    Acquire,
    Peek,
    AcquireAndRefund(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => Just(Operation::Acquire),
        1 => Just(Operation::Peek),
        1 => (0..NANOS_OF_HOUR).prop_map(Operation::AcquireAndRefund),
    ]
}

type Step = (prop::sample::Index, u64, u32, Operation);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let passes = prop_oneof![Just(0), 0..1_000_000_000_u64, 0..NANOS_OF_HOUR];
    let cost = prop_oneof![4 => 0_u32..12, 1 => any::<u32>()];
    vec((any::<prop::sample::Index>(), passes, cost, operation()), 1..60)
}

/// A store of one key: the cells of its policies by their ids.
#[derive(Default)]
struct Cells(Vec<(u128, Cell)>);

impl Cells {
    fn read(&self, policies: &Policies) -> Vec<Cell> {
        let read = |policy: &Policy| self.0.iter().find(|(id, _)| *id == policy.id());
        policies
            .iter()
            .map(|policy| read(policy).map_or_else(Cell::default, |(_, cell)| *cell))
            .collect()
    }

    /// Stores the cells as bytes, as a store on another machine does.
    fn write(&mut self, policies: &Policies, cells: &[Cell]) {
        for (policy, cell) in policies.iter().zip(cells) {
            self.0.retain(|(id, _)| *id != policy.id());
            self.0.push((policy.id(), Cell::from_bytes(cell.to_bytes())));
        }
    }

    fn apply<T>(&mut self, policies: &Policies, decide: impl FnOnce(&mut [Cell]) -> T) -> T {
        let mut cells = self.read(policies);
        let decided = decide(&mut cells);
        self.write(policies, &cells);
        decided
    }
}

proptest! {
    #[test]
    fn decisions_agree_with_the_store_in_memory(sets in sets(), steps in steps()) {
        let (memory, mut cells, key) = (Memory::new(1_000), Cells::default(), key());
        let (start, mut now) = (Instant::now(), 0);
        for (set, passes, cost, operation) in steps {
            now += passes;
            let policies = set.get(&sets);
            let query = Query::new(key, policies, cost, start + Duration::from_nanos(now));
            let at = now;
            match operation {
                Operation::Peek => {
                    let peeked = cells.apply(policies, |cells| algorithm::peek(&query, cells, at));
                    prop_assert_eq!(&*peeked, &*memory.peek(&query).states);
                }
                Operation::Acquire => {
                    let states = cells.apply(policies, |cells| algorithm::acquire(&query, cells, at));
                    prop_assert_eq!(&*states, &*memory.acquire(&query).states);
                }
                Operation::AcquireAndRefund(later) => {
                    let states = cells.apply(policies, |cells| algorithm::acquire(&query, cells, at));
                    let charged = memory.acquire(&query);
                    prop_assert_eq!(&*states, &*charged.states);
                    if charged.is_denied(policies) {
                        continue;
                    }
                    now += later;
                    let query = Query::new(key, policies, cost, start + Duration::from_nanos(now));
                    memory.refund(&query, &charged);
                    cells.apply(policies, |cells| {
                        algorithm::refund(&query, cells, now, at, &states);
                    });
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_accepted_as_cells(
        set in sets(),
        damage in (part(8), part(8), part(4)),
        [written, read] in [time(), time()],
        costs in any::<[u32; 2]>(),
        (cost, charged) in (prop_oneof![0_u32..20, any::<u32>()], states()),
    ) {
        for policy in &*set[0] {
            let policies = Policies::from(policy.clone());
            let query = |cost| Query::new(key(), &policies, cost, Instant::now());
            let mut cells = [Cell::default()];
            let _ = algorithm::acquire(&query(costs[0] % policy.capacity() + 1), &mut cells, written);
            let bytes = damaged(cells[0].to_bytes(), &damage);
            prop_assert_eq!(Cell::from_bytes(bytes).to_bytes(), bytes);
            let mut cells = [Cell::from_bytes(bytes)];
            let mut refunded = cells;
            algorithm::refund(&query(costs[1]), &mut refunded, read, written, &charged);
            let [before, after] = [cells, refunded].map(|mut cells| {
                algorithm::peek(&query(1), &mut cells, read)[0].remaining
            });
            prop_assert!(after >= before, "a refund charges nothing");
            let state = algorithm::acquire(&query(cost), &mut cells, read)[0];
            check(policy, cells, read, state)?;
            let Decision::Deny { wait: Some(wait) } = state.decision else { continue };
            let admitted_at = read + u64::try_from(wait.as_nanos()).unwrap();
            if admitted_at < LAST {
                prop_assert!(!admits(&query(cost), cells, admitted_at - 1));
                prop_assert!(admits(&query(cost), cells, admitted_at));
            }
        }
    }

    #[test]
    fn any_time_is_accepted(
        set in sets(), times in any::<[u64; 4]>(), costs in any::<[u32; 3]>(), states in states(),
    ) {
        for policy in &*set[0] {
            let policies = Policies::from(policy.clone());
            let query = |cost| Query::new(key(), &policies, cost, Instant::now());
            let mut cells = [Cell::default()];
            for (time, cost) in times.into_iter().zip(costs) {
                for time in [time, u64::MAX] {
                    let _ = algorithm::peek(&query(cost), &mut cells, time);
                    let _ = algorithm::acquire(&query(cost % policy.capacity() + 1), &mut cells, time);
                    algorithm::refund(&query(cost), &mut cells, time, times[3], &states);
                    prop_assert!(policy.rule().peek(cells[0], time, cost).remaining <= policy.capacity());
                }
            }
        }
    }
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![0..10 * NANOS_OF_HOUR, 0..LAST]
}

/// Returns the bits by which a part of a cell is damaged; often none.
fn part(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![2 => Just(vec![0; length]), 1 => vec(any::<u8>(), length)]
}

fn damaged(mut bytes: [u8; 20], (until, state, rule): &(Vec<u8>, Vec<u8>, Vec<u8>)) -> [u8; 20] {
    for (byte, damage) in bytes.iter_mut().zip(until.iter().chain(state).chain(rule)) {
        *byte ^= damage;
    }
    bytes
}

fn states() -> impl Strategy<Value = [PolicyState; 1]> {
    (any::<u32>(), any::<Duration>()).prop_map(|(remaining, reset)| {
        [PolicyState { decision: Decision::Allow, remaining, reset }]
    })
}

fn admits(query: &Query<'_>, mut cells: [Cell; 1], now: u64) -> bool {
    !algorithm::acquire(query, &mut cells, now)[0].is_denied()
}

/// Checks the state and the cell of a policy after a decision.
fn check(
    policy: &Policy,
    [cell]: [Cell; 1],
    now: u64,
    state: PolicyState,
) -> Result<(), TestCaseError> {
    let nanos = match policy.rule().algorithm() {
        Algorithm::Gcra => {
            policy.period().as_nanos().div_ceil(policy.quota().into())
                * u128::from(policy.capacity())
        }
        _ => 2 * policy.period().as_nanos(),
    };
    let most = u64::try_from(nanos).unwrap();
    prop_assert!(state.remaining <= policy.capacity());
    prop_assert!(state.reset <= Duration::from_nanos(most));
    prop_assert!(cell.expires_at() <= now + most, "the cell expires when all units are restored");
    if let Decision::Deny { wait } = state.decision {
        prop_assert!(wait.unwrap_or_default() <= Duration::from_nanos(most));
    }
    Ok(())
}

#[test]
fn a_shadow_policy_is_charged_only_if_it_allows_the_cost_and_never_rejects() {
    let policies = Policies::new([
        Policy::per_minute("shadow", 3).shadow(true),
        Policy::per_minute("enforced", 5),
    ]);
    let mut cells = [Cell::default(); 2];
    let mut acquire = |cost| {
        let query = Query::new(key(), &policies, cost, Instant::now());
        let states = algorithm::acquire(&query, &mut cells, 1).into_inner().unwrap();
        states.map(|state| (state.is_denied(), state.remaining))
    };
    assert_eq!(acquire(2), [(false, 1), (false, 3)]);
    assert_eq!(
        acquire(2),
        [(true, 1), (false, 1)],
        "the shadow policy denies, the other is charged"
    );
    assert_eq!(acquire(2), [(true, 1), (true, 1)], "no policy is charged");
    assert_eq!(acquire(1), [(false, 0), (false, 0)]);
}

#[test]
fn the_bytes_of_a_cell_have_a_fixed_order() {
    let bytes = std::array::from_fn(|index| index as u8);
    let cell = Cell::from_bytes(bytes);
    assert_eq!((cell.to_bytes(), cell.expires_at()), (bytes, 0x0706_0504_0302_0100));
    assert_eq!(Cell::from_bytes([0; 20]), Cell::default());
}

#[test]
fn the_id_of_a_policy_depends_on_its_name_and_algorithm_alone() {
    let policy = Policy::per_minute("calls", 5);
    let other = Policy::per_hour("calls", 9).burst(20).shadow(true);
    assert_eq!(policy.id(), other.id());
    let fixed = |name| Policy::per_minute(name, 5).algorithm(Algorithm::FixedWindow).id();
    let sliding = Policy::per_minute("calls", 5).algorithm(Algorithm::SlidingWindow).id();
    let mut ids = vec![policy.id(), fixed("calls"), fixed("call"), sliding];
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert_eq!(policy.id(), ID_OF_CALLS, "other processes and releases find the same cells");
}

const ID_OF_CALLS: u128 = 0x144c_e960_f359_a889_eae3_4b94_06a9_e242;

#[test]
#[should_panic(expected = "a cell for each policy")]
fn a_missing_cell_is_reported() {
    let policies = Policies::from(Policy::per_minute("calls", 5));
    let _ = algorithm::acquire(&Query::new(key(), &policies, 1, Instant::now()), &mut [], 1);
}
