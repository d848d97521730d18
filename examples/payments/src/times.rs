//! The times of a shutdown.
//!
//! Each of the examples has a copy of this file, so that each can be copied alone.

use std::{num::NonZeroU32, time::Duration};

use battlement::shutdown::Times;

use crate::env::Env;

/// The times of a shutdown, whose sum is within its budget.
#[derive(Clone, Copy, Debug)]
pub struct ShutdownTimes {
    pub times: Times,
    /// The time that work in flight has to finish.
    #[allow(
        dead_code,
        reason = "not every service has work that it undoes when this time is over"
    )]
    pub drain: Duration,
}

impl ShutdownTimes {
    /// Reads the variables `delay` and `drain`. Their sum, with the times of other phases, must be within the budget, which
    /// is shorter than the 30 seconds that Kubernetes waits before it kills the process.
    pub fn read(env: &mut Env, delay: &'static str, drain: &'static str) -> Option<Self> {
        let delay_ms: Option<Option<u32>> = env.read_optional(
            delay,
            "the milliseconds for which the process still serves when it is asked to stop",
            "5000 in Kubernetes, otherwise 0",
        );
        let drain_ms: Option<NonZeroU32> = env.read(
            drain,
            "the milliseconds that work in flight has to finish after that, at least 1",
            "15000",
        );
        let (delay_ms, drain_ms) = (delay_ms?, drain_ms?);
        let drain_time = millis(drain_ms.get());
        let times = Times::new().drain(drain_time);
        let times = delay_ms.map_or(times, |delay| times.delay(millis(delay)));
        if let Err(error) = times.check() {
            env.reject(format!("{delay} and {drain}: {error}"));
            return None;
        }
        Some(Self { times, drain: drain_time })
    }
}

fn millis(number: u32) -> Duration {
    Duration::from_millis(number.into())
}
