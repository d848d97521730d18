//! The deadline of a request, as its handler, its calls and its spawned work read it.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::{CallFacts, Deadline, RequestFacts, carry, carry_fn, within};
use http::Request;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn facts(start: Instant) -> RequestFacts {
    let facts = RequestFacts::starting(start);
    facts.set_deadline(30 * SECOND, 60 * SECOND);
    facts
}

#[tokio::test(start_paused = true)]
async fn code_that_waits_reads_a_moved_deadline_at_the_next_poll() {
    let facts = facts(Instant::now());
    let mut request = Request::new(());
    request.extensions_mut().insert(facts.clone());
    let left = |request| Deadline::of(request).unwrap().remaining();
    assert_eq!(left(&request), 30 * SECOND);
    tokio::time::advance(10 * SECOND).await;
    assert_eq!(left(&request), 20 * SECOND);
    facts.move_deadline(50 * SECOND);
    assert_eq!(left(&request), 40 * SECOND);
    facts.move_deadline(5 * SECOND);
    assert_eq!(left(&request), Duration::ZERO);
}

#[tokio::test]
async fn spawned_work_has_the_deadline_of_the_request_and_its_moves() {
    let start = Instant::now();
    let facts = facts(start);
    let mut slot = Some(facts.clone());
    let (task, closure) = within(&mut slot, || {
        (tokio::spawn(carry(async { Deadline::current() })), carry_fn(Deadline::current))
    });
    assert_eq!(Deadline::current(), None);
    facts.move_deadline(40 * SECOND);
    let expected = Some(Deadline::after(start, 40 * SECOND));
    assert_eq!(task.await.unwrap(), expected);
    assert_eq!(tokio::task::spawn_blocking(closure).await.unwrap(), expected);
}

#[tokio::test]
async fn spawned_work_of_a_job_has_the_deadline_of_the_job() {
    let deadline = Deadline::after(Instant::now(), SECOND);
    let (task, closure) = deadline.within(|| {
        (tokio::spawn(carry(async { Deadline::current() })), carry_fn(Deadline::current))
    });
    assert_eq!(task.await.unwrap(), Some(deadline));
    assert_eq!(closure(), Some(deadline));
    assert_eq!(Deadline::current(), None);
}

#[tokio::test]
async fn a_carried_future_is_dropped_with_the_facts_as_well() {
    struct Dropped(Arc<Mutex<Option<Deadline>>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = Deadline::current();
        }
    }
    let (start, seen) = (Instant::now(), Arc::default());
    let dropped = Dropped(Arc::clone(&seen));
    let carried = within(&mut Some(facts(start)), || carry(async move { drop(dropped) }));
    drop(carried);
    assert_eq!(*seen.lock().unwrap(), Some(Deadline::after(start, 30 * SECOND)));
}

#[test]
fn a_call_has_a_copy_of_the_deadline_that_its_own_layers_may_shorten_or_detach() {
    let start = Instant::now();
    let facts = facts(start);
    let mut call = within(&mut Some(facts.clone()), CallFacts::current);
    assert_eq!((call.deadline(), call.attempt()), (facts.deadline(), 1));
    let mut request = Request::new(());
    request.extensions_mut().insert(facts.clone());
    assert_eq!(CallFacts::of(&request).deadline(), facts.deadline());

    call.set_deadline(Some(Deadline::after(start, SECOND)));
    call.set_attempt(2);
    request.extensions_mut().insert(call.clone());
    assert_eq!(Deadline::of(&request), Some(Deadline::after(start, SECOND)));
    assert_eq!(CallFacts::of(&request).attempt(), 2);
    call.set_deadline(None);
    request.extensions_mut().insert(call);
    assert_eq!(Deadline::of(&request), None);
    assert_eq!(facts.deadline(), Some(Deadline::after(start, 30 * SECOND)));
}

#[test]
fn an_inner_layer_overrides_the_settings_of_its_route_and_the_innermost_applies() {
    #[derive(Debug, PartialEq)]
    struct Sampled(u8);
    let facts = RequestFacts::starting(Instant::now());
    assert_eq!(facts.overridden::<Sampled>(), None);
    facts.add_override(Arc::new(Sampled(1)));
    facts.add_override(Arc::new(SECOND));
    facts.clone().add_override(Arc::new(Sampled(2)));
    assert_eq!(facts.overridden(), Some(&Sampled(2)));
    assert_eq!(facts.overridden(), Some(&SECOND));
}
