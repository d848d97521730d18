use std::{error::Error, fmt, time::Duration};

use battlement_core::{LocalError, Rejection, RejectionKind};

/// The error of a call that was not made, because the breaker is open, or half-open without a free slot for a probe.
///
/// Its source is the [`Rejection`], by which other layers recognize it.
///
/// # Example
///
/// ```
/// use battlement_circuit_breaker::{CircuitBreakerLayer, CircuitOpen, judge_error};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (layer, handle) = CircuitBreakerLayer::new("billing").judge(judge_error).as_error().pair();
/// let billing = layer.layer(service_fn(async |id: u32| Ok::<_, std::io::Error>(id)));
/// handle.force_open();
/// let error = billing.oneshot(7).await.unwrap_err();
/// let open: &CircuitOpen = error.downcast_ref().unwrap();
/// assert!(!open.retry_after().is_zero());
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CircuitOpen {
    rejection: Rejection,
    retry_after: Duration,
}

impl CircuitOpen {
    pub(crate) const fn new(retry_after: Duration) -> Self {
        let rejection = Rejection::new(RejectionKind::CircuitOpen).retry_in(retry_after);
        Self { rejection, retry_after }
    }

    /// Returns the time until the next probe, with jitter, so that clients do not return together.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        self.retry_after
    }
}

impl fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the call was not made: the circuit breaker is open; retry after {:?}",
            self.retry_after
        )
    }
}

impl Error for CircuitOpen {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.rejection)
    }
}

impl LocalError for CircuitOpen {
    fn rejection(&self) -> Rejection {
        self.rejection
    }
}
