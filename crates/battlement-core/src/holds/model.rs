//! Models of every interleaving of two threads.

use std::sync::Arc;

use loom::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

use super::*;

/// Holds and releases a request, and counts it as a drain does.
fn hold(holds: &Holds, phases: &Phases, count: &AtomicUsize) {
    let hold = holds.hold(phases);
    if hold.counts() {
        count.fetch_add(1, SeqCst);
    }
    if holds.release(hold, phases) {
        assert!(count.fetch_sub(1, SeqCst) > 0, "the request ended twice");
    }
}

#[test]
fn a_request_that_two_tasks_hold_ends_once_for_each_time_it_is_counted() {
    loom::model(|| {
        let (_, phases) = Phases::new();
        let (holds, count) = (Arc::new(Holds::none()), Arc::new(AtomicUsize::new(0)));
        let theirs = (Arc::clone(&holds), phases.clone(), Arc::clone(&count));
        let thread = thread::spawn(move || hold(&theirs.0, &theirs.1, &theirs.2));
        hold(&holds, &phases, &count);
        thread.join().unwrap();
        assert_eq!(count.load(SeqCst), 0, "the request is still in flight");
    });
}

#[test]
fn drains_of_two_processes_hold_a_request_each() {
    loom::model(|| {
        let ((_, outer), (_, inner)) = (Phases::new(), Phases::new());
        let (holds, count) = (Arc::new(Holds::none()), Arc::new(AtomicUsize::new(0)));
        assert_eq!(holds.hold(&outer), Hold::First);
        let theirs = (Arc::clone(&holds), inner.clone(), Arc::clone(&count));
        let thread = thread::spawn(move || hold(&theirs.0, &theirs.1, &theirs.2));
        hold(&holds, &inner, &count);
        thread.join().unwrap();
        assert_eq!(count.load(SeqCst), 0, "the request is still in flight");
        assert!(holds.release(Hold::First, &outer));
    });
}
