use super::*;

#[test]
fn without_a_queue_a_request_does_not_wait() {
    let limiter = Arc::new(Limiter::new(1, &[0.0], None));
    let permit = hold(&limiter, 0);
    assert!(limiter.acquire(0).is_none());
    assert_eq!(limiter.enqueue(0, Instant::now(), None).unwrap_err(), Reason::Full);
    assert_eq!((limiter.has_queue(), limiter.queued(0)), (false, 0));
    drop(permit);
    assert!(limiter.acquire(0).is_some());
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_the_order_of_arrival() {
    let limiter = queued(1, &[0.0], 8);
    let permit = hold(&limiter, 0);
    let [mut one, mut two] = [wait(&limiter, 0), wait(&limiter, 0)];
    drop(permit);
    assert!(poll(&mut two).is_pending());
    let permit = take(&mut one);
    assert_eq!((limiter.in_flight(0), limiter.queued(0)), (1, 1));
    drop(permit);
    drop(take(&mut two));
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_free_by_the_time_of_the_addition_is_granted_at_once() {
    let limiter = queued(1, &[0.0], 8);
    let mut waiting = wait(&limiter, 0);
    assert!(limiter.has_queue());
    assert_eq!((limiter.in_flight(0), limiter.queued(0)), (1, 0));
    drop(take(&mut waiting));
    drop(waiting);
    assert_idle(&limiter);
    drop(wait(&limiter, 0));
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn the_newest_is_first_once_the_oldest_has_waited_longer_than_half_its_time() {
    for (waited, is_newest_first) in [(50, false), (51, true)] {
        let limiter = queued(1, &[0.0], 8);
        let permit = hold(&limiter, 0);
        let mut old = wait(&limiter, 0);
        advance(MS * waited).await;
        let mut new = wait(&limiter, 0);
        drop(permit);
        let [first, second] =
            if is_newest_first { [&mut new, &mut old] } else { [&mut old, &mut new] };
        assert!(poll(second).is_pending(), "after {waited} ms");
        drop(take(first));
        drop(take(second));
    }
}

#[tokio::test(start_paused = true)]
async fn the_oldest_is_first_again_once_no_waiter_is_old() {
    let limiter = queued(1, &[0.0], 8);
    let permit = hold(&limiter, 0);
    let old = wait(&limiter, 0);
    advance(MS * 90).await;
    let [mut one, mut two] = [wait(&limiter, 0), wait(&limiter, 0)];
    drop(old);
    drop(permit);
    assert!(poll(&mut two).is_pending());
    drop(take(&mut one));
    drop(take(&mut two));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_rejects_a_request_of_the_same_class() {
    let limiter = queued(1, &[0.0], 2);
    let permit = hold(&limiter, 0);
    let waiting = [wait(&limiter, 0), wait(&limiter, 0)];
    assert_eq!(limiter.enqueue(0, Instant::now(), None).unwrap_err(), Reason::QueueFull);
    assert_eq!(limiter.queued(0), 2);
    drop(waiting);
    assert_eq!(limiter.queued(0), 0);
    drop(wait(&limiter, 0));
    drop(permit);
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_was_not_taken_yet_does_not_count_for_the_length() {
    let limiter = queued(1, &[0.0], 1);
    let permit = hold(&limiter, 0);
    let mut granted = wait(&limiter, 0);
    drop(permit);
    let mut waiting = wait(&limiter, 0);
    assert!(limiter.enqueue(0, Instant::now(), None).is_err());
    drop(take(&mut granted));
    drop(take(&mut waiting));
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_get_its_turn_before_its_deadline_is_rejected_on_arrival() {
    let limiter = queued(1, &[0.0], 8);
    let mut permit = hold(&limiter, 0);
    // Two turns of 10 ms each.
    for _ in 0..2 {
        let mut waiting = wait(&limiter, 0);
        advance(MS * 10).await;
        drop(permit);
        permit = take(&mut waiting);
    }
    let _ahead = [wait(&limiter, 0), wait(&limiter, 0)];
    let now = Instant::now();
    let arrive = |deadline: u32| limiter.enqueue(0, now, Some(now + MS * deadline)).map(drop);
    assert_eq!(arrive(30), Err(Reason::Deadline));
    assert_eq!(arrive(31), Ok(()));
    assert_eq!(limiter.queued(0), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_others_ahead_waits_whatever_the_turns_took() {
    let limiter = queued(1, &[0.0], 8);
    let permit = hold(&limiter, 0);
    let mut waiting = wait(&limiter, 0);
    advance(MS * 90).await;
    drop(permit);
    let permit = take(&mut waiting);
    let now = Instant::now();
    assert!(limiter.enqueue(0, now, Some(now + MS)).is_ok());
    assert_eq!(limiter.enqueue(0, now, Some(now)).unwrap_err(), Reason::Deadline);
    drop(permit);
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_raised_limit_grants_permits_to_waiters() {
    let limiter = queued(1, &[0.0], 64);
    let permit = hold(&limiter, 0);
    let mut waiting: Vec<_> = (0..30).map(|_| wait(&limiter, 0)).collect();
    assert_eq!(limiter.set_limit(21), 1);
    assert_eq!((limiter.limit(), limiter.in_flight(0), limiter.queued(0)), (21, 21, 10));
    let permits: Vec<_> = waiting[..20].iter_mut().map(take).collect();
    assert!(waiting[20..].iter_mut().all(|waiting| poll(waiting).is_pending()));
    assert_eq!(limiter.set_limit(5), 21);
    drop(permits);
    drop(permit);
    assert_eq!((limiter.in_flight(0), limiter.queued(0)), (5, 5));
    drop(waiting);
    assert_idle(&limiter);
}

#[tokio::test(start_paused = true)]
async fn a_lowered_limit_admits_none_until_enough_calls_have_ended() {
    let limiter = queued(3, &[0.0], 8);
    let [one, two, three] = [0; 3].map(|class| hold(&limiter, class));
    limiter.set_limit(1);
    let mut waiting = wait(&limiter, 0);
    drop(one);
    drop(two);
    assert!(poll(&mut waiting).is_pending());
    drop(three);
    drop(take(&mut waiting));
}

#[test]
fn the_values_of_a_limiter_are_those_of_its_word() {
    let limiter = Arc::new(Limiter::new(9, &[0.0, 0.0], None));
    let _permits = [0, 1, 1].map(|class| hold(&limiter, class));
    assert_eq!((limiter.limit(), limiter.total()), (9, 3));
    assert_eq!([0, 1].map(|class| limiter.in_flight(class)), [1, 2]);
    assert_eq!(format!("{limiter:?}"), "Limiter { limit: 9, in_flight: 3, .. }");
    assert_eq!(Limiter::most(4), 4_095);
}
