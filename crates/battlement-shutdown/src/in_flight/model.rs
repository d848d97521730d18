//! Models of every interleaving of two threads.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use loom::{future::block_on, sync::atomic::AtomicUsize, thread};

use super::{
    count::Count,
    parked::Parked,
    sync::Ordering::{Acquire, Release},
};

#[test]
fn a_drain_is_woken_by_the_last_work_that_ends() {
    loom::model(|| {
        let count = Arc::new(Count::default());
        count.enter();
        count.enter();
        let theirs = Arc::clone(&count);
        let thread = thread::spawn(move || {
            theirs.leave();
            theirs.leave();
        });
        block_on(poll_fn(|cx| count.poll_idle(cx)));
        assert_eq!(count.get(), 0);
        thread.join().unwrap();
    });
}

#[test]
fn work_that_begins_inside_other_work_holds_up_the_drain() {
    loom::model(|| {
        let (count, done) = (Arc::new(Count::default()), Arc::new(AtomicUsize::new(0)));
        count.enter();
        let (theirs, all) = (Arc::clone(&count), Arc::clone(&done));
        let thread = thread::spawn(move || {
            theirs.enter();
            theirs.leave();
            all.store(1, Release);
            theirs.leave();
        });
        block_on(poll_fn(|cx| count.poll_idle(cx)));
        assert_eq!(done.load(Acquire), 1, "the drain ended before the work");
        thread.join().unwrap();
    });
}

// A task registers and then reads the phase, as every request that waits does; the controller writes the phase and
// then wakes.
#[test]
fn a_task_that_waits_sees_the_end_of_its_phase_or_is_woken_for_it() {
    loom::model(|| {
        let (parked, phase) = (Arc::new(Parked::default()), Arc::new(AtomicUsize::new(0)));
        let (theirs, written) = (Arc::clone(&parked), Arc::clone(&phase));
        let thread = thread::spawn(move || {
            written.store(1, Release);
            theirs.wake();
        });
        let mut place = None;
        block_on(poll_fn(|cx| {
            parked.park(&mut place, cx.waker());
            if phase.load(Acquire) == 1 { Poll::Ready(()) } else { Poll::Pending }
        }));
        place.into_iter().for_each(|place| parked.remove(place));
        thread.join().unwrap();
    });
}

#[test]
fn a_task_that_ends_while_it_is_woken_leaves_nothing_behind() {
    loom::model(|| {
        let parked = Arc::new(Parked::default());
        let theirs = Arc::clone(&parked);
        let mut place = None;
        let context = Context::from_waker(Waker::noop());
        parked.park(&mut place, context.waker());
        let thread = thread::spawn(move || theirs.wake());
        place.into_iter().for_each(|place| parked.remove(place));
        thread.join().unwrap();
        let mut again = None;
        parked.park(&mut again, Waker::noop());
        assert_eq!(again, place);
    });
}
