use std::{mem::offset_of, sync::Mutex};

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::{Algorithm, KeyHash, Policies};

#[test]
fn hot_fields_are_on_the_cache_line_of_the_lock() {
    let lock = size_of::<Mutex<u64>>() - size_of::<u64>();
    assert!(lock + offset_of!(Cells, shared) <= 64);
}

const KEY: KeyHash = KeyHash::from_bits(7 << 64);

/// Returns sets of policies that share cells but have different numbers.
fn sets() -> [Policies; 4] {
    let second = |quota| Policy::per_second("second", quota);
    let fixed = |quota| Policy::per_minute("fixed", quota).algorithm(Algorithm::FixedWindow);
    let sliding = |quota| Policy::per_minute("sliding", quota).algorithm(Algorithm::SlidingWindow);
    [
        Policies::new([second(2), fixed(9)]),
        Policies::new([second(3), fixed(6), sliding(12)]),
        Policies::new([second(1).shadow(true), sliding(7), fixed(20).shadow(true)]),
        Policies::new([second(2).burst(5), Policy::per_day("day", 30), sliding(9)]),
    ]
}

fn cells_of(cells: &Cells, query: &Query<'_>) -> Vec<Option<Cell>> {
    each(query).map(|(_, id)| cells.by_key.get(own(query, id))).collect()
}

#[test]
fn stored_cells_of_several_policies_are_charged_without_prepared_ones() {
    let (networks, mut cells, sets) = (Networks::new(100), Cells::new(100), sets());
    let query = Query::new(KEY, &sets[0], 1, Instant::now());
    assert!(cells.acquire_several(&query, 0).is_none());
    let first = cells.acquire_all(&query, 0, 0, &networks);
    assert!(!first.is_denied(&sets[0]));
    let states = cells.acquire_several(&query, 0).expect("both policies allow two requests");
    assert_eq!(states.iter().map(|state| state.remaining).collect::<Vec<_>>(), [0, 7]);
}

#[test]
fn a_denial_of_one_policy_leaves_the_cells_of_the_others_as_they_were() {
    let (networks, mut cells) = (Networks::new(100), Cells::new(100));
    let policies = Policies::new([Policy::per_minute("fixed", 9), Policy::per_second("second", 1)]);
    let query = Query::new(KEY, &policies, 1, Instant::now());
    let _ = cells.acquire_all(&query, 0, 0, &networks);
    let before = cells_of(&cells, &query);
    assert!(cells.acquire_several(&query, 0).is_none());
    assert_eq!(cells_of(&cells, &query), before);
    assert!(cells.acquire_all(&query, 0, 0, &networks).is_denied(&policies));
}

proptest! {
    #[test]
    fn decisions_are_the_same_with_and_without_prepared_cells(
        decisions in prop::collection::vec((0..4_usize, 0..4_u32, 0..3_000_000_000_u64), 1..40),
    ) {
        let (start, sets) = (Instant::now(), sets());
        let networks = [Networks::new(100), Networks::new(100)];
        let [mut all, mut prepared] = [Cells::new(100), Cells::new(100)];
        let mut now = 0;
        for (set, cost, later) in decisions {
            now += later;
            let query = Query::new(KEY, &sets[set], cost, start + Duration::from_nanos(now));
            prop_assert_eq!(
                all.acquire_all(&query, now, now, &networks[0]),
                prepared.acquire_prepared(&query, now, now, &networks[1])
            );
            prop_assert_eq!(cells_of(&all, &query), cells_of(&prepared, &query));
        }
    }
}
