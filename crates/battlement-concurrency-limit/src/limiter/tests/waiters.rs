use std::sync::OnceLock;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_dropped_waiter_leaves_at_once() {
    let limiter = queued(1, &[0.0], 8);
    let permit = hold(&limiter, 0);
    let [one, mut two, three] = [0; 3].map(|class| wait(&limiter, class));
    drop(three);
    drop(one);
    assert_eq!(limiter.queued(0), 1);
    drop(permit);
    drop(take(&mut two));
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_is_dropped_between_grant_and_poll_passes_its_permit_on() {
    let limiter = queued(1, &[0.0], 8);
    let permit = hold(&limiter, 0);
    let [one, mut two] = [wait(&limiter, 0), wait(&limiter, 0)];
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(&mut two).is_pending());
    drop(permit);
    assert_eq!((limiter.in_flight(0), limiter.queued(0), wakes.count()), (1, 1, 0));
    drop(one);
    assert_eq!((limiter.in_flight(0), limiter.queued(0), wakes.count()), (1, 0, 1));
    drop(take(&mut two));
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn the_last_waker_is_called_once_and_no_earlier_one() {
    let limiter = queued(1, &[0.0], 8);
    let permit = hold(&limiter, 0);
    let mut waiting = wait(&limiter, 0);
    let [first, last] = [Arc::new(Wakes::default()), Arc::new(Wakes::default())];
    assert!(first.poll(&mut waiting).is_pending());
    assert!(last.poll(&mut waiting).is_pending());
    drop(permit);
    assert_eq!((first.count(), last.count()), (0, 1));
    // The limiter keeps no waker that it does not need.
    assert_eq!((Arc::strong_count(&first), Arc::strong_count(&last)), (1, 1));
    drop(take(&mut waiting));
    assert_eq!(last.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_whose_time_is_over_gets_no_permit() {
    let limiter = queued(1, &[0.0], 8);
    let permit = hold(&limiter, 0);
    let now = Instant::now();
    let mut late = limiter.enqueue(0, now, Some(now + MS * 40)).unwrap();
    let mut old = wait(&limiter, 0);
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(&mut late).is_pending() && wakes.poll(&mut old).is_pending());
    assert_eq!((late.until() - now, late.ends_with()), (MS * 40, Reason::Deadline));
    assert_eq!((old.until() - now, old.ends_with()), (MS * 100, Reason::QueueTimeout));
    advance(MS * 100).await;
    drop(permit);
    assert_eq!((wakes.count(), limiter.total(), limiter.queued(0)), (2, 0, 0));
    assert_eq!(refused(&mut late), Reason::Deadline);
    assert_eq!(refused(&mut old), Reason::QueueTimeout);
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_release_passes_any_number_of_waiters_whose_time_is_over() {
    let limiter = queued(1, &[0.0, 0.0], 64);
    let permit = hold(&limiter, 0);
    let mut over: Vec<_> = (0..30).map(|_| wait(&limiter, 0)).collect();
    let wakes = Arc::new(Wakes::default());
    assert!(over.iter_mut().all(|waiting| wakes.poll(waiting).is_pending()));
    advance(MS * 100).await;
    let mut waiting = wait(&limiter, 1);
    drop(permit);
    assert_eq!((wakes.count(), limiter.queued(0)), (30, 0));
    drop(take(&mut waiting));
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_whose_time_is_over_makes_room_without_a_poll() {
    let limiter = queued(1, &[0.0; 2], 2);
    let permit = hold(&limiter, 0);
    let now = Instant::now();
    let mut late = limiter.enqueue(0, now, Some(now + MS * 100)).unwrap();
    advance(MS * 40).await;
    let mut low = wait(&limiter, 1);
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(&mut late).is_pending());
    advance(MS * 59).await;
    assert_eq!(limiter.enqueue(1, Instant::now(), None).unwrap_err(), Reason::QueueFull);
    advance(MS).await;
    let mut high = wait(&limiter, 0);
    assert_eq!((wakes.count(), limiter.queued(0), limiter.queued(1)), (1, 1, 1));
    assert_eq!(refused(&mut late), Reason::Deadline);
    // The waiter of the lower class has kept its place.
    assert!(poll(&mut low).is_pending());
    drop(permit);
    drop(take(&mut high));
    drop(take(&mut low));
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn any_number_of_waiters_whose_time_is_over_leaves_with_later_arrivals() {
    let limiter = queued(1, &[0.0], 30);
    let _permit = hold(&limiter, 0);
    let mut over: Vec<_> = (0..30).map(|_| wait(&limiter, 0)).collect();
    let wakes = Arc::new(Wakes::default());
    assert!(over.iter_mut().all(|waiting| wakes.poll(waiting).is_pending()));
    advance(MS * 100).await;
    let new: Vec<_> = (0..4).map(|_| wait(&limiter, 0)).collect();
    assert_eq!((wakes.count(), limiter.queued(0)), (30, 4));
    assert!(over.iter_mut().all(|waiting| refused(waiting) == Reason::QueueTimeout));
    drop(new);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_whose_time_is_over_is_not_ahead_of_an_arrival() {
    let limiter = queued(1, &[0.0; 2], 8);
    let permit = hold(&limiter, 0);
    let mut waiting = wait(&limiter, 0);
    advance(MS * 90).await;
    drop(permit);
    let _permit = take(&mut waiting);
    let _over = [wait(&limiter, 0), wait(&limiter, 0)];
    advance(MS * 100).await;
    let now = Instant::now();
    // Less than the 90 ms that the turn of one of them takes.
    assert!(limiter.enqueue(1, now, Some(now + MS * 50)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn slots_are_used_again() {
    let limiter = queued(2, &[0.0], 4);
    for _ in 0..50 {
        let permits = [hold(&limiter, 0), hold(&limiter, 0)];
        let mut waiting = [0; 4].map(|class| wait(&limiter, class));
        drop(permits);
        // Two have a permit, so two more can wait.
        let more = [wait(&limiter, 0), wait(&limiter, 0)];
        drop(take(&mut waiting[0]));
        drop((more, waiting));
        assert_idle(&limiter);
    }
    let slots = lock(limiter.queue.as_ref().unwrap()).slots();
    assert_eq!(slots, 6, "the slots are those of the queue and of the permits");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "polled after it was ready")]
async fn a_poll_after_the_permit_panics() {
    let limiter = queued(1, &[0.0], 1);
    let mut waiting = wait(&limiter, 0);
    let _permit = take(&mut waiting);
    let _ = poll(&mut waiting);
}

/// A waker that acquires a permit, as a runtime may that polls the task at once.
struct Acquires(Arc<Limiter>, OnceLock<bool>);

impl Wake for Acquires {
    fn wake(self: Arc<Self>) {
        let permit = self.0.acquire(0);
        let _ = self.1.set(permit.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_waker_that_uses_the_limiter_neither_deadlocks_nor_overtakes() {
    let limiter = queued(1, &[0.0], 64);
    let _permit = hold(&limiter, 0);
    let mut waiting: Vec<_> = (0..30).map(|_| wait(&limiter, 0)).collect();
    let wakers: Vec<_> = waiting
        .iter_mut()
        .map(|waiting| {
            let acquires = Arc::new(Acquires(Arc::clone(&limiter), OnceLock::new()));
            let waker = Waker::from(Arc::clone(&acquires));
            assert!(waiting.poll(&mut Context::from_waker(&waker)).is_pending());
            acquires
        })
        .collect();
    // The wakers are called in batches, and at the first ones other requests wait still.
    limiter.set_limit(40);
    let acquired: Vec<_> = wakers.iter().map(|waker| waker.1.get().copied()).collect();
    assert_eq!(acquired.first(), Some(&Some(false)));
    assert_eq!(acquired.last(), Some(&Some(true)));
    assert_eq!((limiter.total(), limiter.queued(0)), (31, 0));
}
