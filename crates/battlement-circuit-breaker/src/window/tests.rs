use std::collections::VecDeque;

use proptest::prelude::*;

use super::{
    bucket::{Bucket, MOST},
    counter::Counter,
    ring::Ring,
    *,
};
use crate::trip::Share;

#[test]
fn a_result_counts_until_its_bucket_leaves_the_window() {
    let counter = Counter::default();
    counter.add(0, 7);
    assert_eq!([7, 8, 16, 17, 18].map(|slot| counter.sum(0, slot)), [1, 1, 1, 0, 0]);
}

#[test]
fn the_first_call_at_the_epoch_counts() {
    let counter = Counter::default();
    assert_eq!(counter.sum(0, 0), 0);
    counter.add(0, 0);
    assert_eq!((counter.sum(0, 0), counter.sum(0, 9), counter.sum(0, 10)), (1, 1, 0));
}

#[test]
fn after_minutes_without_a_call_old_buckets_count_for_nothing_whatever_their_index() {
    let counter = Counter::default();
    (0..BUCKETS).for_each(|slot| counter.add(0, slot));
    for pause in [10, 11, 19, 20, 60, 600, 1 << 24, (1 << 24) + 3, 1 << 29] {
        assert_eq!(counter.sum(0, 9 + pause), 0, "after {pause} slots");
        let later = Counter::default();
        (0..BUCKETS).for_each(|slot| later.add(0, slot));
        later.add(0, 9 + pause);
        assert_eq!(later.sum(0, 9 + pause), 1, "after {pause} slots");
    }
}

#[test]
fn a_thread_whose_clock_lags_behind_another_loses_no_count() {
    let counter = Counter::default();
    counter.add(0, 25);
    counter.add(0, 24);
    // The bucket of slot 9 is that of slot 25 already.
    counter.add(0, 9);
    assert_eq!((counter.sum(0, 25), counter.sum(0, 24)), (3, 3));
}

#[test]
fn a_million_calls_in_one_bucket_are_counted_exactly_and_a_full_bucket_stays() {
    let counter = Counter::default();
    (0..1_000_000).for_each(|_| counter.add(3, 5));
    assert_eq!(counter.sum(3, 5), 1_000_000);
    (1_000_000..MOST + 10).for_each(|_| counter.add(3, 5));
    assert_eq!(counter.sum(3, 5), MOST);
    counter.add(3, 15);
    assert_eq!(counter.sum(3, 15), 1);
}

#[test]
fn no_count_is_lost_while_four_threads_turn_the_buckets() {
    const EACH: u64 = 50_000;
    let counter = Counter::default();
    let work = || (0..EACH).for_each(|at| counter.add(0, 1_000 + at * BUCKETS / EACH));
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    assert_eq!(counter.sum(0, 1_009), 4 * EACH);
}

#[test]
fn a_result_of_an_older_generation_is_ignored_and_a_newer_one_begins_anew() {
    let counter = Counter::default();
    (0..5).for_each(|_| counter.add(4, 1));
    counter.add(3, 1);
    assert_eq!((counter.sum(4, 1), counter.sum(3, 1)), (5, 0));
    counter.add(5, 1);
    assert_eq!((counter.sum(4, 1), counter.sum(5, 1)), (0, 1));
}

#[test]
fn a_bucket_of_long_ago_takes_results_of_every_generation() {
    for generations in [1, 100, 2_047, 2_048, 2_049, 4_095, 4_096, 5_000] {
        let counter = Counter::default();
        counter.add(0, 1);
        counter.add(generations, 101);
        assert_eq!(counter.sum(generations, 101), 1, "after {generations} generations");
    }
}

#[test]
fn a_bucket_of_half_of_all_generations_before_is_an_older_one() {
    let counter = Counter::default();
    counter.add(0, 1);
    counter.add(2_048, 1);
    assert_eq!(counter.sum(2_048, 1), 1);
}

#[test]
fn a_bucket_has_room_for_its_own_results_from_the_second_to_the_last() {
    let has_room = |count| Bucket::has_room(Bucket::new(3, 5, count).pack(), 3, 5);
    assert_eq!([0, 1, 2, MOST - 1, MOST].map(has_room), [false, true, true, true, false]);
    let word = Bucket::new(3, 5, 7).pack();
    for (generation, slot) in [(2, 5), (4, 5), (3, 4), (3, 6)] {
        assert!(!Bucket::has_room(word, generation, slot), "{generation}, {slot}");
    }
}

#[test]
fn a_success_ends_the_failures_in_a_row_of_its_generation_only() {
    let streak = Streak::default();
    assert_eq!((streak.fail(2), streak.fail(2), streak.count(2)), (1, 2, 2));
    streak.end(1);
    assert_eq!((streak.count(1), streak.count(2)), (0, 2));
    assert_eq!(streak.fail(1), 0, "an older failure does not count");
    streak.end(2);
    assert_eq!((streak.count(2), streak.fail(2)), (0, 1));
    assert_eq!((streak.fail(3), streak.count(2)), (1, 0));
}

#[test]
fn a_row_of_long_ago_does_not_hide_a_failure_of_any_later_generation() {
    for generations in [1, 100, 2_047, 2_048, 2_049, 4_095, 4_096, 5_000] {
        let streak = Streak::default();
        streak.fail(7);
        let later = 7 + generations;
        assert_eq!(streak.count(later), 0, "after {generations} generations");
        assert_eq!(streak.fail(later), 1, "after {generations} generations");
    }
}

#[test]
fn each_class_of_failure_has_a_count_of_its_own() {
    let window = Window::default();
    let overload = Failure::Overload { pushback: None };
    let failures = [
        Failure::Transport,
        Failure::NotProcessed,
        Failure::Timeout,
        Failure::Server,
        overload,
        Failure::Rejected(battlement_core::RejectionKind::Overloaded),
    ];
    for (times, failure) in failures.into_iter().enumerate() {
        (0..=times).for_each(|_| window.record(Class::of(failure), 0, 0));
    }
    (0..7).for_each(|_| window.record(Class::Success, 0, 0));
    let expected = Counts {
        success: 7,
        transport: 1,
        not_processed: 2,
        timeout: 3,
        server: 4,
        overload: 5,
        ignored: 6,
    };
    assert_eq!(window.counts(0, 0), expected);
    assert_eq!((expected.failures(), expected.total()), (15, 22));
}

#[test]
fn a_ring_of_no_calls_takes_no_memory() {
    let mut ring = Ring::default();
    ring.push(true, 0, 0);
    assert_eq!(ring.share(0), Share::default());
}

#[test]
fn a_ring_of_another_size_or_generation_begins_anew() {
    let mut ring = Ring::default();
    (0..5).for_each(|_| ring.push(true, 1, 5));
    ring.push(true, 0, 5);
    assert_eq!(ring.share(1), Share { part: 5, total: 5 });
    ring.push(false, 1, 6);
    assert_eq!(ring.share(1), Share { part: 0, total: 1 });
    ring.push(true, 2, 6);
    assert_eq!((ring.share(1), ring.share(2)), (Share::default(), Share { part: 1, total: 1 }));
}

proptest! {
    #[test]
    fn the_buckets_equal_a_list_of_results(
        steps in proptest::collection::vec((0_u64..25, 0_u64..3), 1..300),
    ) {
        let (counter, mut results, mut now, mut generation) = (Counter::default(), Vec::new(), 0, 0);
        for (pause, change) in steps {
            // Most results follow without a pause, and most changes are none.
            now += pause.saturating_sub(20) * 3;
            generation += change / 2;
            counter.add(generation, now);
            results.push((generation, now));
            let within = |(of, at): &&(u64, u64)| *of == generation && at + BUCKETS > now;
            prop_assert_eq!(counter.sum(generation, now), results.iter().filter(within).count() as u64);
        }
    }

    #[test]
    fn a_ring_equals_a_list_of_the_last_calls(
        capacity in 1_usize..200,
        calls in proptest::collection::vec(any::<bool>(), 0..500),
    ) {
        let (mut ring, mut list) = (Ring::default(), VecDeque::new());
        for call in calls {
            ring.push(call, 0, capacity);
            list.push_back(call);
            if list.len() > capacity {
                list.pop_front();
            }
            let part = list.iter().filter(|bit| **bit).count() as u64;
            prop_assert_eq!(ring.share(0), Share { part, total: list.len() as u64 });
        }
    }
}
