//! Models of every interleaving of two threads, with a window of two steps.

use std::sync::Arc;

use loom::thread;

use super::window::Window;

/// Runs `other` in a second thread, and `one` in the first.
fn race(
    check: impl Fn(&Window) + Send + Sync + 'static,
    one: fn(&Window) -> u64,
    other: fn(&Window) -> u64,
) {
    loom::model(move || {
        let window = Arc::new(Window::default());
        window.deposit(1);
        let theirs = Arc::clone(&window);
        let thread = thread::spawn(move || other(&theirs));
        let taken = one(&window) + thread.join().unwrap();
        assert!(taken <= 1, "the retries exceed the request");
        check(&window);
    });
}

/// Takes a retry if there are no more retries than requests; returns how many it took.
fn take(window: &Window, slot: u64) -> u64 {
    u64::from(window.withdraw(slot, 1, |requests, retries| retries <= requests).is_some())
}

#[test]
fn one_retry_is_taken_by_one_of_two_threads() {
    race(
        |window| assert_eq!(window.counts(1), (1, 1)),
        |window| take(window, 1),
        |window| take(window, 1),
    );
}

#[test]
fn a_thread_that_moves_the_window_allows_no_second_retry() {
    race(
        |window| assert_eq!(window.counts(2), (1, 1)),
        |window| take(window, 1),
        |window| take(window, 2),
    );
}

#[test]
fn requests_of_two_threads_are_all_counted() {
    let deposit = |window: &Window| {
        window.deposit(2);
        0
    };
    race(|window| assert_eq!(window.counts(2), (3, 0)), deposit, deposit);
}

#[test]
fn a_retry_that_is_given_back_is_taken_again_or_left() {
    let take_and_return = |window: &Window| {
        if let Some(slot) = window.withdraw(1, 1, |requests, retries| retries <= requests) {
            window.give_back(slot, 1);
        }
        0
    };
    race(
        |window| {
            let (requests, retries) = window.counts(1);
            assert!(requests == 1 && retries <= 1);
        },
        take_and_return,
        |window| take(window, 1),
    );
}
