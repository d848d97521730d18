use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::{Gate, ProbeError, state::Ticket};

/// A scripted body of data frames and waits that ends with trailers, an error or a panic.
///
/// Unless it is a [`stream`](Self::stream), the body reports its exact size if it ends without an error, and
/// reports its end with the last frame. A clone has the remaining steps and does not belong to a call.
///
/// # Example
///
/// ```
/// use battlement_testkit::probe::{Gate, ProbeBody, ProbeError};
///
/// let gate = Gate::new();
/// let body = ProbeBody::empty()
///     .data("first")
///     .wait(&gate)
///     .error(ProbeError::new("cut off"));
/// # let _ = body;
/// ```
#[derive(Default)]
pub struct ProbeBody {
    steps: VecDeque<Step>,
    is_stream: bool,
    ticket: Option<Ticket>,
    on_poll: Option<Arc<dyn Fn() + Send + Sync>>,
}

#[derive(Clone, Debug)]
enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Wait(Gate),
    Fail(ProbeError),
    Panic,
}

impl ProbeBody {
    /// Creates a body without frames.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Appends a frame of data.
    #[must_use]
    pub fn data(self, data: impl Into<Bytes>) -> Self {
        self.step(Step::Data(data.into()))
    }

    /// Appends a frame of trailers.
    #[must_use]
    pub fn trailers(self, trailers: HeaderMap) -> Self {
        self.step(Step::Trailers(trailers))
    }

    /// Appends a wait, which is pending until `gate` is open.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// Appends an error; later steps are never reached.
    #[must_use]
    pub fn error(self, error: ProbeError) -> Self {
        self.step(Step::Fail(error))
    }

    /// Appends a panic; later steps are never reached.
    #[must_use]
    pub fn panic(self) -> Self {
        self.step(Step::Panic)
    }

    /// Hides the size and the end of the body, as bodies created from a stream do.
    #[must_use]
    pub const fn stream(mut self) -> Self {
        self.is_stream = true;
        self
    }

    /// Calls `on_poll` at the beginning of each poll.
    #[must_use]
    pub fn on_poll(mut self, on_poll: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_poll = Some(Arc::new(on_poll));
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push_back(step);
        self
    }

    pub(super) fn with_ticket(mut self, ticket: Option<Ticket>) -> Self {
        self.ticket = ticket;
        self
    }

    fn count_poll(&self) {
        if let Some(ticket) = &self.ticket {
            ticket.count(|counts| counts.body_polls += 1);
        }
    }

    fn end(&mut self) {
        self.steps.clear();
    }
}

impl Body for ProbeBody {
    type Data = Bytes;
    type Error = ProbeError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ProbeError>>> {
        self.count_poll();
        if let Some(on_poll) = &self.on_poll {
            on_poll();
        }
        while let Some(Step::Wait(gate)) = self.steps.front() {
            ready!(gate.poll_open(cx));
            self.steps.pop_front();
        }
        Poll::Ready(match self.steps.pop_front() {
            Some(Step::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Step::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(Step::Fail(error)) => {
                self.end();
                Some(Err(error))
            }
            Some(Step::Panic) => {
                self.end();
                panic!("panic in the body, as scripted")
            }
            Some(Step::Wait(_)) | None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        !self.is_stream && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let is_success = |step: &Step| !matches!(step, Step::Fail(_) | Step::Panic);
        if self.is_stream || !self.steps.iter().all(is_success) {
            return SizeHint::default();
        }
        let sizes = self.steps.iter().map(|step| match step {
            Step::Data(data) => data.len() as u64,
            _ => 0,
        });
        SizeHint::with_exact(sizes.sum())
    }
}

impl Clone for ProbeBody {
    fn clone(&self) -> Self {
        let (steps, on_poll) = (self.steps.clone(), self.on_poll.clone());
        Self { steps, is_stream: self.is_stream, ticket: None, on_poll }
    }
}

impl Drop for ProbeBody {
    fn drop(&mut self) {
        if let (Some(ticket), false) = (&self.ticket, self.steps.is_empty()) {
            ticket.count(|counts| counts.cancelled_bodies += 1);
        }
    }
}

impl<T: Into<Bytes>> From<T> for ProbeBody {
    fn from(data: T) -> Self {
        Self::empty().data(data)
    }
}

impl fmt::Debug for ProbeBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeBody")
            .field("steps", &self.steps)
            .field("is_stream", &self.is_stream)
            .finish_non_exhaustive()
    }
}
