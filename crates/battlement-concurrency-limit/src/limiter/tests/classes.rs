use super::*;

#[tokio::test(start_paused = true)]
async fn a_free_permit_goes_to_the_highest_waiting_class() {
    let limiter = queued(1, &[0.0; 3], 8);
    let permit = hold(&limiter, 2);
    let mut waiting = [2, 1, 0].map(|class| wait(&limiter, class));
    drop(permit);
    for (class, waiting) in waiting.iter_mut().rev().enumerate() {
        let permit = take(waiting);
        assert_eq!(limiter.in_flight(class), 1);
        drop(permit);
    }
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_lower_class_waits_for_a_permit_outside_the_reserve() {
    let limiter = queued(4, &[0.5, 0.0], 8);
    let low = [hold(&limiter, 1), hold(&limiter, 1)];
    assert!(limiter.acquire(1).is_none());
    let mut waiting = wait(&limiter, 1);
    // The reserve is free for the higher class, although a request of the lower one waits.
    let high = [hold(&limiter, 0), hold(&limiter, 0)];
    drop(high);
    assert!(poll(&mut waiting).is_pending());
    drop(low);
    drop(take(&mut waiting));
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn an_arrival_of_a_higher_class_overtakes_only_by_a_permit_of_its_own() {
    let limiter = queued(4, &[0.5, 0.0], 8);
    let _low = [hold(&limiter, 1), hold(&limiter, 1)];
    let _waiting = wait(&limiter, 1);
    let mut high = wait(&limiter, 0);
    let _permit = take(&mut high);
    assert_eq!((limiter.in_flight(0), limiter.queued(0), limiter.queued(1)), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_evicts_the_newest_waiter_of_the_lowest_class() {
    let limiter = queued(1, &[0.0; 3], 3);
    let _permit = hold(&limiter, 0);
    let mut waiting = [1, 2, 2].map(|class| wait(&limiter, class));
    let wakes = Arc::new(Wakes::default());
    assert!(wakes.poll(&mut waiting[2]).is_pending());
    let _one = wait(&limiter, 1);
    assert_eq!(wakes.count(), 1);
    assert_eq!(refused(&mut waiting[2]), Reason::QueueFull);
    assert!(waiting[..2].iter_mut().all(|waiting| poll(waiting).is_pending()));
    let _zero = wait(&limiter, 0);
    assert_eq!(refused(&mut waiting[1]), Reason::QueueFull);
    assert_eq!([0, 1, 2].map(|class| limiter.queued(class)), [1, 2, 0]);
    assert_eq!(limiter.enqueue(1, Instant::now(), None).unwrap_err(), Reason::QueueFull);
    assert_eq!(limiter.enqueue(2, Instant::now(), None).unwrap_err(), Reason::QueueFull);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_evicts_the_oldest_waiter_while_the_newest_is_first() {
    let limiter = queued(1, &[0.0; 2], 2);
    let _permit = hold(&limiter, 0);
    let mut old = wait(&limiter, 1);
    advance(MS * 51).await;
    let mut new = wait(&limiter, 1);
    let _high = wait(&limiter, 0);
    assert_eq!(refused(&mut old), Reason::QueueFull);
    assert!(poll(&mut new).is_pending());
}

#[tokio::test(start_paused = true)]
async fn an_evicted_waiter_leaves_the_slot_of_its_successor_alone() {
    let limiter = queued(1, &[0.0; 2], 1);
    let permit = hold(&limiter, 0);
    let evicted = wait(&limiter, 1);
    let mut high = wait(&limiter, 0);
    drop(evicted);
    assert_eq!(limiter.queued(0), 1);
    drop(permit);
    drop(take(&mut high));
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_request_beyond_its_deadline_evicts_none() {
    let limiter = queued(1, &[0.0; 2], 1);
    let _permit = hold(&limiter, 0);
    let mut low = wait(&limiter, 1);
    let now = Instant::now();
    assert_eq!(limiter.enqueue(0, now, Some(now)).unwrap_err(), Reason::Deadline);
    assert!(poll(&mut low).is_pending());
}

/// Returns a limiter whose permits return every 10 ms, with two waiters of the lower class.
async fn paced() -> (Arc<Limiter>, Permit, [Waiting; 2]) {
    let limiter = queued(1, &[0.0; 2], 8);
    let permit = hold(&limiter, 0);
    let mut waiting = wait(&limiter, 1);
    advance(MS * 10).await;
    drop(permit);
    let permit = take(&mut waiting);
    let ahead = [wait(&limiter, 1), wait(&limiter, 1)];
    (limiter, permit, ahead)
}

#[tokio::test(start_paused = true)]
async fn waiters_of_lower_classes_are_not_ahead() {
    let (limiter, _permit, _ahead) = paced().await;
    let now = Instant::now();
    let arrive =
        |class, deadline: u32| limiter.enqueue(class, now, Some(now + MS * deadline)).map(drop);
    assert_eq!((arrive(0, 10), arrive(0, 11)), (Err(Reason::Deadline), Ok(())));
    assert_eq!((arrive(1, 30), arrive(1, 31)), (Err(Reason::Deadline), Ok(())));
    // A waiter of a higher class is ahead.
    let _high = wait(&limiter, 0);
    assert_eq!((arrive(1, 40), arrive(1, 41)), (Err(Reason::Deadline), Ok(())));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_will_be_first_has_no_waiter_of_its_class_ahead() {
    let (limiter, _permit, _ahead) = paced().await;
    advance(MS * 51).await;
    let now = Instant::now();
    // The gap of 51 ms has not ended, and the mean with it is (7 × 10 + 51) / 8 = 15.1 ms.
    assert!(limiter.enqueue(1, now, Some(now + MS)).is_ok());
}
