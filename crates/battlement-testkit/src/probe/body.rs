use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

use super::{Gate, ProbeError, state::Ticket};

/// A body made of steps: frames, waits, at last trailers, an error or a panic.
///
/// It tells its exact size where it ends well, and its end as soon as the last frame is out, unless it is
/// a [`stream`](Self::stream). A clone has the steps that are left, and is not the body of any call.
///
/// # Example
///
/// ```
/// use battlement_testkit::probe::{Gate, ProbeBody, ProbeError};
///
/// let gate = Gate::new();
/// let body = ProbeBody::empty()
///     .data("begun")
///     .wait(&gate)
///     .error(ProbeError::new("cut off"));
/// # let _ = body;
/// ```
#[derive(Default)]
pub struct ProbeBody {
    steps: VecDeque<Step>,
    is_stream: bool,
    ticket: Option<Ticket>,
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
    /// A body without a frame.
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

    /// Is pending here until `gate` is open.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// Fails here with `error`; what follows is never seen.
    #[must_use]
    pub fn error(self, error: ProbeError) -> Self {
        self.step(Step::Fail(error))
    }

    /// Panics here; what follows is never seen.
    #[must_use]
    pub fn panic(self) -> Self {
        self.step(Step::Panic)
    }

    /// Tells neither its size nor its end, as bodies made of a stream.
    #[must_use]
    pub const fn stream(mut self) -> Self {
        self.is_stream = true;
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push_back(step);
        self
    }

    pub(super) fn holding(mut self, ticket: Option<Ticket>) -> Self {
        self.ticket = ticket;
        self
    }

    fn note_poll(&self) {
        if let Some(ticket) = &self.ticket {
            ticket.count(|counts| counts.body_polls += 1);
        }
    }

    fn break_off(&mut self) {
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
        self.note_poll();
        while let Some(Step::Wait(gate)) = self.steps.front() {
            ready!(gate.poll_pass(cx));
            self.steps.pop_front();
        }
        Poll::Ready(match self.steps.pop_front() {
            Some(Step::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Step::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(Step::Fail(error)) => {
                self.break_off();
                Some(Err(error))
            }
            Some(Step::Panic) => {
                self.break_off();
                panic!("the probe was told to panic in its body")
            }
            Some(Step::Wait(_)) | None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        !self.is_stream && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let ends_well = |step: &Step| !matches!(step, Step::Fail(_) | Step::Panic);
        if self.is_stream || !self.steps.iter().all(ends_well) {
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
        Self { steps: self.steps.clone(), is_stream: self.is_stream, ticket: None }
    }
}

impl Drop for ProbeBody {
    fn drop(&mut self) {
        if let (Some(ticket), false) = (&self.ticket, self.steps.is_empty()) {
            ticket.count(|counts| counts.cut_bodies += 1);
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
