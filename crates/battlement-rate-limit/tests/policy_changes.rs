//! Policies that are replaced while clients are at their limit.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::time::Duration;

use battlement_rate_limit::{Algorithm, Handle, Key, Policies, Policy, RateLimitLayer};
use http::Request;
use tokio::time;

use self::service::{Answer, call};

const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow];

fn policy(algorithm: Algorithm, quota: u32, period: Duration) -> Policy {
    Policy::new("calls", quota, period).algorithm(algorithm)
}

/// Returns a layer of which `calls` units are used.
async fn used(policies: impl Into<Policies>, calls: usize) -> (RateLimitLayer, Handle) {
    let (layer, handle) = RateLimitLayer::new(policies, Key::global()).pair();
    for _ in 0..calls {
        assert_eq!(call(&layer).await.status, 200);
    }
    (layer, handle)
}

fn retry_after(answer: &Answer) -> Duration {
    assert_eq!(answer.status, 429);
    Duration::from_secs(answer.headers["retry-after"].to_str().unwrap().parse().unwrap())
}

fn remaining(answer: &Answer) -> u32 {
    let (_, rest) = answer.headers["ratelimit"].to_str().unwrap().split_once(";r=").unwrap();
    rest.split(';').next().unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_as_retry_after_says_is_admitted_after_its_policy_became_smaller() {
    for algorithm in ALGORITHMS {
        for new in [(10, MINUTE), (2, HOUR), (1, MINUTE)] {
            let (layer, handle) = used(policy(algorithm, 10, HOUR), 10).await;
            handle.replace(policy(algorithm, new.0, new.1));
            let wait = retry_after(&call(&layer).await);
            assert!(wait <= 2 * new.1, "{algorithm:?} {new:?}: {wait:?}");
            time::advance(wait).await;
            assert_eq!(call(&layer).await.status, 200, "{algorithm:?} {new:?} after {wait:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_as_the_handle_says_is_admitted() {
    for algorithm in ALGORITHMS {
        let (layer, handle) = used(policy(algorithm, 10, HOUR), 10).await;
        handle.replace(policy(algorithm, 10, MINUTE));
        let key = handle.key(&Request::new(())).unwrap();
        let wait = handle.peek(key).retry_after(&handle.policies()).unwrap();
        time::advance(wait).await;
        assert_eq!(call(&layer).await.status, 200, "{algorithm:?} after {wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_two_policies_deny_is_admitted_when_both_have_become_smaller() {
    for algorithm in ALGORITHMS {
        let other = |quota, period| Policy::new("other", quota, period).algorithm(algorithm);
        let both = Policies::new([policy(algorithm, 10, HOUR), other(10, 2 * HOUR)]);
        let (layer, handle) = used(both, 10).await;
        handle.replace([policy(algorithm, 5, MINUTE), other(8, 2 * MINUTE)]);
        let wait = retry_after(&call(&layer).await);
        time::advance(wait).await;
        assert_eq!(call(&layer).await.status, 200, "{algorithm:?} after {wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_customer_who_buys_a_larger_limit_is_admitted_at_once() {
    for algorithm in ALGORITHMS {
        let (layer, handle) = used(policy(algorithm, 10, HOUR), 10).await;
        assert_eq!(call(&layer).await.status, 429);
        handle.replace(policy(algorithm, 1_000, HOUR));
        let answer = call(&layer).await;
        assert_eq!((answer.status.as_u16(), remaining(&answer)), (200, 989), "{algorithm:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_used_more_than_a_smaller_limit_has_no_units_left() {
    for algorithm in ALGORITHMS {
        let (layer, handle) = used(policy(algorithm, 1_000, HOUR), 500).await;
        handle.replace(policy(algorithm, 10, HOUR));
        let answer = call(&layer).await;
        assert_eq!((answer.status.as_u16(), remaining(&answer)), (429, 0), "{algorithm:?}");
        handle.replace(policy(algorithm, 1_000, HOUR));
        assert_eq!(remaining(&call(&layer).await), 499, "{algorithm:?}: the change is reverted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_reset_after_a_change_has_all_of_the_new_limit() {
    for algorithm in ALGORITHMS {
        let (layer, handle) = used(policy(algorithm, 10, HOUR), 10).await;
        handle.replace(policy(algorithm, 5, MINUTE));
        assert_eq!(call(&layer).await.status, 429);
        handle.reset(handle.key(&Request::new(())).unwrap());
        assert_eq!(remaining(&call(&layer).await), 4, "{algorithm:?}");
    }
}
