//! Outages of each kind: the breaker opens, rejects calls quickly, and closes after the outage.

/// Measures the time of rejections, so that no other test runs beside it.
mod alone {
    use battlement_testkit::upstream::Behavior;

    use crate::stack::{FAILURES, Outcome, Stack, assert_rejected_at_once};

    /// Runs an outage that begins and ends by the functions.
    async fn run(begin: impl AsyncFn(&mut Stack), end: impl AsyncFn(&mut Stack)) {
        for is_http2 in [false, true] {
            let mut stack = Stack::start(is_http2).await;
            assert_eq!(stack.call().await, Outcome::Answered);
            begin(&mut stack).await;
            assert_eq!(stack.open().await, FAILURES, "HTTP/2: {is_http2}");

            let received = stack.upstream.counts().received;
            assert_rejected_at_once(|| stack.call()).await;
            assert_eq!(stack.handle.snapshot().openings, 1);
            assert_eq!(stack.upstream.counts().received, received);

            end(&mut stack).await;
            stack.recover().await;
        }
    }

    async fn run_behavior(behavior: Behavior) {
        let begin = async |stack: &mut Stack| stack.mode.set(behavior);
        run(begin, async |stack: &mut Stack| stack.mode.set(Behavior::Answer)).await;
    }

    #[tokio::test]
    async fn a_slow_upstream_opens_the_breaker_and_closes_it_when_it_has_recovered() {
        run_behavior(Behavior::Hang).await;
    }

    #[tokio::test]
    async fn an_upstream_that_refuses_opens_the_breaker_and_closes_it_when_it_has_recovered() {
        run(
            async |stack: &mut Stack| stack.upstream.refuse().await.unwrap(),
            async |stack: &mut Stack| stack.upstream.accept().unwrap(),
        )
        .await;
    }

    #[tokio::test]
    async fn a_reset_within_the_body_opens_the_breaker_and_closes_it_when_it_is_over() {
        run_behavior(Behavior::ResetBody).await;
    }

    #[tokio::test]
    async fn an_upstream_that_answers_500_opens_the_breaker_and_closes_it_when_it_has_recovered() {
        run_behavior(Behavior::Error).await;
    }
}
