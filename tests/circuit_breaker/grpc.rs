//! A gRPC service that fails in its trailers.

/// Measures the time of rejections, so that no other test runs beside it.
mod alone {
    use std::time::Duration;

    use battlement::circuit_breaker::State;
    use battlement_testkit::{
        echo::{EchoClient, Words},
        upstream::{Behavior, Upstream},
    };
    use tokio::time::{Instant, sleep};
    use tonic::{Code, Request, Status, transport::Endpoint};
    use tower::Layer as _;

    use crate::stack::{DEADLINE, FAILURES, Outcome, assert_rejected_at_once, breaker, timeout};

    fn words(behavior: Behavior) -> Request<Words> {
        let mut request = Request::new(Words::new("order 7"));
        let behavior = Behavior::list(&[behavior]).to_str().unwrap().parse().unwrap();
        request.metadata_mut().insert(Behavior::HEADER, behavior);
        request
    }

    fn outcome<T>(result: Result<T, Status>) -> Outcome {
        match result {
            Ok(_) => Outcome::Answered,
            Err(status) if status.code() == Code::Unavailable => {
                assert!(status.metadata().contains_key("grpc-retry-pushback-ms"));
                Outcome::Rejected
            }
            Err(status) => {
                assert_eq!(status.code(), Code::Internal, "{status:?}");
                Outcome::Failed
            }
        }
    }

    #[tokio::test]
    async fn a_service_that_fails_in_its_trailers_opens_the_breaker_and_closes_it_afterwards() {
        let upstream = Upstream::start().await.unwrap();
        let channel = Endpoint::from_shared(upstream.url("")).unwrap().connect_lazy();
        let (breaker, handle) = breaker().pair();
        let client = EchoClient::new(breaker.layer(timeout().layer(channel)));
        let call = async |behavior| outcome(client.clone().say(words(behavior)).await);

        assert_eq!(call(Behavior::Answer).await, Outcome::Answered);
        for failures in 0..FAILURES {
            assert_eq!(handle.state(), State::Closed, "{failures} failures");
            assert_eq!(call(Behavior::FailTrailers).await, Outcome::Failed);
        }
        assert_eq!(handle.state(), State::Open);
        let received = upstream.counts().received;
        assert_rejected_at_once(|| call(Behavior::Answer)).await;
        assert_eq!(upstream.counts().received, received);

        let end = Instant::now() + DEADLINE;
        while handle.state().is_tripped() {
            assert!(Instant::now() < end, "{:?}", handle.snapshot());
            call(Behavior::Answer).await;
            sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(call(Behavior::Answer).await, Outcome::Answered);
    }
}
