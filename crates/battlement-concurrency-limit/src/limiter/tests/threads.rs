use std::{future::poll_fn, ops::RangeInclusive, sync::Barrier, thread};

use tokio::task::yield_now;

use super::*;

#[test]
fn one_of_two_threads_at_the_last_free_permit_gets_it() {
    let limiter = Arc::new(Limiter::new(3, &[0.0, 0.0], None));
    let _held = [hold(&limiter, 0), hold(&limiter, 1)];
    let barrier = Barrier::new(2);
    let race = |class| {
        barrier.wait();
        let permit = limiter.acquire(class);
        // No permit is returned before both have tried.
        barrier.wait();
        permit.is_some()
    };
    for _ in 0..2_000 {
        let won = thread::scope(|scope| {
            let other = scope.spawn(|| race(1));
            [race(0), other.join().unwrap()]
        });
        assert!(won[0] != won[1], "{won:?}");
        assert_eq!(limiter.total(), 2);
    }
}

/// The calls in flight as the callers count them.
#[derive(Default)]
struct Calls {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Calls {
    async fn run(&self, permit: Permit) {
        self.most.fetch_max(self.now.fetch_add(1, Relaxed) + 1, Relaxed);
        yield_now().await;
        self.now.fetch_sub(1, Relaxed);
        drop(permit);
    }
}

/// Sends calls, every fifth of which gives up while it waits.
async fn send(limiter: Arc<Limiter>, calls: Arc<Calls>, class: usize, number: usize) {
    for call in 0..number {
        if let Some(permit) = limiter.acquire(class) {
            calls.run(permit).await;
            continue;
        }
        let Ok(mut waiting) = limiter.enqueue(class, Instant::now(), None) else { continue };
        if call % 5 == 0 {
            let polled = waiting.poll(&mut Context::from_waker(Waker::noop()));
            yield_now().await;
            drop((polled, waiting));
        } else if let Ok(permit) = poll_fn(|cx| waiting.poll(cx)).await {
            calls.run(permit).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_never_exceed_the_limit_and_return_every_permit() {
    assert_eq!(most_calls(3..=3).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_never_exceed_the_highest_of_changing_limits_and_return_every_permit() {
    let most = most_calls(1..=5).await;
    assert!((2..=5).contains(&most), "{most} calls at the same time");
}

/// Sends calls from threads while the limit takes each of `limits` in turn, and returns the most at the same time.
async fn most_calls(limits: RangeInclusive<usize>) -> usize {
    let config = QueueConfig { len: 6, time: Duration::from_secs(60) };
    let limiter = Arc::new(Limiter::new(*limits.end(), &[0.2, 0.2, 0.0], Some(config)));
    let calls = Arc::new(Calls::default());
    let changes = tokio::spawn(change(Arc::clone(&limiter), limits));
    let senders: Vec<_> = (0..16)
        .map(|sender| {
            tokio::spawn(send(Arc::clone(&limiter), Arc::clone(&calls), sender % 3, 2_000))
        })
        .collect();
    for sender in senders {
        // A waiter that is not woken would wait for a minute.
        tokio::time::timeout(Duration::from_secs(30), sender).await.unwrap().unwrap();
    }
    changes.abort();
    assert!(changes.await.unwrap_err().is_cancelled());
    assert_idle(&limiter);
    calls.most.load(Relaxed)
}

async fn change(limiter: Arc<Limiter>, limits: RangeInclusive<usize>) {
    for limit in limits.cycle() {
        limiter.set_limit(limit);
        yield_now().await;
    }
}
