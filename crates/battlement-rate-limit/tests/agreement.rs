//! The store in memory beside two others that decide the same: buckets that leak, and governor's own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{num::NonZeroU32, time::Duration};

use battlement_rate_limit::{Key, KeyHash, Memory, Policies, Policy, Query, RateLimitLayer};
use governor::{
    Quota, RateLimiter,
    clock::FakeRelativeClock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use http::Request;
use proptest::prelude::*;
use tokio::time::Instant;

/// A quota, the milliseconds it is for, and a burst.
type Rate = (u32, u64, u32);

fn interval(&(quota, millis, _): &Rate) -> u64 {
    (millis * 1_000_000).div_ceil(quota.into())
}

/// A bucket that leaks for each policy, in whole nanoseconds, and nothing else.
struct Buckets(Vec<Bucket>);

struct Bucket {
    each: u64,
    size: u64,
    level: u64,
}

impl Buckets {
    fn of(rates: &[Rate]) -> Self {
        let bucket = |rate: &Rate| {
            let each = interval(rate);
            Bucket { each, size: each * u64::from(rate.2), level: 0 }
        };
        Self(rates.iter().map(bucket).collect())
    }

    /// Takes the cost from all buckets, or from none.
    fn take(&mut self, later: u64, cost: u32) -> bool {
        for bucket in &mut self.0 {
            bucket.level = bucket.level.saturating_sub(later);
        }
        let fits = self.0.iter().all(|bucket| bucket.fits(cost));
        if fits {
            self.0.iter_mut().for_each(|bucket| bucket.level += bucket.each * u64::from(cost));
        }
        fits
    }
}

impl Bucket {
    fn fits(&self, cost: u32) -> bool {
        self.level + self.each * u64::from(cost) <= self.size
    }

    fn left(&self) -> u64 {
        (self.size - self.level) / self.each
    }
}

type Governor = RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, NoOpMiddleware<Nanos>>;

fn governors(rates: &[Rate], clock: &FakeRelativeClock) -> Vec<Governor> {
    let limiter = |rate: &Rate| {
        let quota = Quota::with_period(Duration::from_nanos(interval(rate))).unwrap();
        let quota = quota.allow_burst(NonZeroU32::new(rate.2).unwrap());
        RateLimiter::direct_with_clock(quota, clock.clone())
    };
    rates.iter().map(limiter).collect()
}

/// Returns whether governor agrees. It supports one limit at a time and has no peek, so of several limits it checks all
/// if they allow the cost, and otherwise those that deny it, which charges none.
fn governors_agree(governors: &[Governor], fits: &[bool], cost: u32) -> bool {
    let Some(cost) = NonZeroU32::new(cost) else { return true };
    let all = fits.iter().all(|fits| *fits);
    let mut checked = governors.iter().zip(fits).filter(|(_, fits)| all || !**fits);
    checked.all(|(one, fits)| matches!(one.check_n(cost), Ok(Ok(()))) == *fits)
}

fn policies(rates: &[Rate]) -> Policies {
    let policy = |(index, (quota, millis, burst)): (usize, &Rate)| {
        Policy::new(&format!("p{index}"), *quota, Duration::from_millis(*millis)).burst(*burst)
    };
    Policies::new(rates.iter().enumerate().map(policy))
}

fn key() -> KeyHash {
    let (_, handle) = RateLimitLayer::new(Policy::per_day("any", 1), Key::global()).pair();
    handle.key(&Request::new(())).unwrap()
}

proptest! {
    #[test]
    fn buckets_that_leak_governor_and_the_store_agree_on_several_policies(
        rates in prop::collection::vec((1_u32..50, 1_u64..100, 1_u32..30), 1..4),
        steps in prop::collection::vec((0_u64..5_000_000, 0_u32..8), 1..100),
    ) {
        let (policies, mut buckets) = (policies(&rates), Buckets::of(&rates));
        let clock = FakeRelativeClock::default();
        let governors = governors(&rates, &clock);
        let (store, key, mut at) = (Memory::default(), key(), Instant::now());
        for (later, cost) in steps {
            at += Duration::from_nanos(later);
            clock.advance(Duration::from_nanos(later));
            let peeked = store.peek(&Query::new(key, &policies, cost, at));
            let outcome = store.acquire(&Query::new(key, &policies, cost, at));
            let admitted = !outcome.is_denied(&policies);
            prop_assert_eq!(!peeked.is_denied(&policies), admitted);
            prop_assert_eq!(admitted, buckets.take(later, cost));
            let fits: Vec<_> = outcome.states.iter().map(|state| !state.is_denied()).collect();
            prop_assert!(governors_agree(&governors, &fits, cost));
            for ((state, bucket), fits) in outcome.states.iter().zip(&buckets.0).zip(fits) {
                prop_assert!(admitted || fits == bucket.fits(cost));
                prop_assert_eq!(u64::from(state.remaining), bucket.left());
            }
        }
    }
}
