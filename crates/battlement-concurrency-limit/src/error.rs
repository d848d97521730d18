use std::{
    error::Error,
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use battlement_core::{LocalError, Rejection, RejectionKind};

use crate::Reason;

/// The error of a call that was not made, because too many calls are in flight.
///
/// Its source is the [`Rejection`], by which other layers recognize it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Overloaded {
    reason: Reason,
    retry_after: Duration,
    rejection: Rejection,
    /// Whether a gRPC caller gets RESOURCE_EXHAUSTED instead of UNAVAILABLE.
    is_exhausted: bool,
}

impl Overloaded {
    pub(crate) fn new(reason: Reason, is_exhausted: bool) -> Self {
        let random = RandomState::new().build_hasher().finish();
        let retry_after = wait(random);
        let rejection = Rejection::new(RejectionKind::Overloaded).retry_in(retry_after);
        Self { reason, retry_after, rejection, is_exhausted }
    }

    /// Returns the reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Returns the time after which a retry is worthwhile: 1 to 3 s at random, so that clients do not return together.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        self.retry_after
    }
}

/// Returns 1 to 3 s by the random number `random`. A third of the waits is 1 s, so that their values in whole seconds,
/// rounded up, are even.
fn wait(random: u64) -> Duration {
    Duration::from_millis((random % 3_000).max(999) + 1)
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::Full => "the concurrency limit is reached",
            Reason::QueueFull => "the queue of the concurrency limit is full",
            Reason::QueueTimeout => "the time in the queue of the concurrency limit is over",
            Reason::Deadline => "the deadline passes before a permit is free",
        };
        write!(f, "the call was not made: {reason}; retry after {:?}", self.retry_after)
    }
}

impl Error for Overloaded {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.rejection)
    }
}

impl LocalError for Overloaded {
    fn rejection(&self) -> Rejection {
        self.rejection
    }

    #[cfg(feature = "http")]
    fn answer(&self) -> battlement_core::Answer {
        let answer = battlement_core::Answer::new(self.rejection);
        if self.is_exhausted {
            return answer.grpc_code(battlement_core::GrpcCode::ResourceExhausted);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_1_to_3_s_and_even_in_whole_seconds() {
        let mut seconds = [0; 4];
        for random in 0..3_000 {
            let wait = wait(random);
            assert!((Duration::from_secs(1)..=Duration::from_secs(3)).contains(&wait));
            seconds[usize::try_from(wait.as_millis().div_ceil(1_000)).unwrap()] += 1;
        }
        assert_eq!(seconds, [0, 1_000, 1_000, 1_000]);
    }
}
