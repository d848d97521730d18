use std::time::Duration;

use tokio::{sync::oneshot, task::yield_now, time::advance};

use super::*;

fn key(name: &str) -> IdempotencyKey {
    let value = format!("\"{name}\"").parse().unwrap();
    let headers = [(http::HeaderName::from_static("idempotency-key"), value)];
    IdempotencyKey::read(&headers.into_iter().collect()).unwrap().unwrap()
}

fn once(max: usize) -> Once<&'static str> {
    Once::new(KeyLimits { max: max.try_into().unwrap(), keep: Duration::from_secs(100) })
}

async fn charged() -> Outcome<&'static str> {
    Outcome::Final("charged")
}

async fn never() -> Outcome<&'static str> {
    panic!("the work runs twice")
}

/// Lets the other tasks of this thread run until they wait.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

#[tokio::test]
async fn the_work_of_a_key_runs_once() {
    let once = once(10);
    assert_eq!(once.run(key("a"), 1, charged()).await, Ok("charged"));
    assert_eq!(once.run(key("a"), 1, never()).await, Ok("charged"));
    assert_eq!(once.run(key("a"), 2, never()).await, Err(Refused::Reused));
}

#[tokio::test]
async fn a_request_that_was_not_processed_may_be_corrected_under_its_key() {
    let once = once(10);
    let invalid = async { Outcome::Unprocessed("invalid") };
    assert_eq!(once.run(key("a"), 1, invalid).await, Ok("invalid"));
    assert_eq!(once.run(key("a"), 2, charged()).await, Ok("charged"));
}

#[tokio::test]
async fn a_send_while_the_first_is_in_progress_is_refused() {
    let once = once(10);
    let (finish, finished) = oneshot::channel();
    let work = async { Outcome::Final(finished.await.unwrap()) };
    let first = tokio::spawn({
        let once = once.clone();
        async move { once.run(key("a"), 1, work).await }
    });
    settle().await;
    assert_eq!(once.run(key("a"), 1, never()).await, Err(Refused::InProgress));
    finish.send("charged").unwrap();
    assert_eq!(first.await.unwrap(), Ok("charged"));
    assert_eq!(once.run(key("a"), 1, never()).await, Ok("charged"));
}

#[tokio::test]
async fn the_charge_of_a_dropped_request_is_found_by_the_next_send() {
    let once = once(10);
    let (finish, finished) = oneshot::channel();
    let work = async { Outcome::Final(finished.await.unwrap()) };
    let first = tokio::spawn({
        let once = once.clone();
        async move { once.run(key("a"), 1, work).await }
    });
    settle().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(once.run(key("a"), 1, never()).await, Err(Refused::InProgress));
    finish.send("charged").expect("the work still runs");
    settle().await;
    assert_eq!(once.run(key("a"), 1, never()).await, Ok("charged"));
}

#[tokio::test]
async fn a_request_that_is_dropped_before_its_first_poll_takes_no_key() {
    let once = once(10);
    drop(once.run(key("a"), 1, never()));
    assert_eq!(once.fill(), (0, 10));
}

#[tokio::test]
async fn a_panic_reaches_the_request_and_frees_its_key() {
    let once = once(10);
    let work = async { panic!("no disk space") };
    let request = tokio::spawn({
        let once = once.clone();
        async move { once.run(key("a"), 1, work).await }
    });
    let panic = request.await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"no disk space"));
    assert_eq!(once.fill(), (0, 10));
    assert_eq!(once.run(key("a"), 2, charged()).await, Ok("charged"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_forgotten_after_its_time_and_counted_until_then() {
    let once = once(1);
    assert_eq!(once.run(key("a"), 1, charged()).await, Ok("charged"));
    advance(Duration::from_millis(99_500)).await;
    assert_eq!(once.run(key("a"), 1, never()).await, Ok("charged"));
    let full = Refused::Full(Duration::from_millis(500));
    assert_eq!(once.run(key("b"), 1, never()).await, Err(full));
    assert_eq!(once.fill(), (1, 1));
    advance(Duration::from_millis(500)).await;
    assert_eq!(once.fill(), (0, 1));
    assert_eq!(once.run(key("b"), 1, charged()).await, Ok("charged"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_sends_at_once_one_does_the_work() {
    let once = Once::new(KeyLimits::DEFAULT);
    let count = Arc::new(Mutex::new(0));
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (once, count) = (once.clone(), count.clone());
        sends.spawn(async move {
            let work = async move {
                *count.lock().unwrap() += 1;
                Outcome::Final("charged")
            };
            once.run(key("a"), 1, work).await
        });
    }
    let answers = sends.join_all().await;
    assert!(answers.contains(&Ok("charged")));
    for answer in answers {
        assert!(matches!(answer, Ok("charged") | Err(Refused::InProgress)), "{answer:?}");
    }
    assert_eq!(*count.lock().unwrap(), 1);
}
