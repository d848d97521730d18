use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt as _;
use tower::BoxError;

use super::{
    Misuse, ProbeBody, ProbeError, Reply, RequestBody,
    reply::Outcome,
    state::{State, Ticket},
};

/// The response future of a [`Probe`](crate::probe::Probe).
pub struct ProbeFuture {
    state: State,
    index: usize,
    reply: Reply,
    /// Owns the request body and reads it when polled; `None` once the body is read.
    body_reader: Option<BodyReader>,
    /// `None` once the future has completed.
    ticket: Option<Ticket>,
}

type BodyReader = Pin<Box<dyn Future<Output = RequestBody> + Send>>;

impl ProbeFuture {
    pub(super) fn begin<B>(state: &State, request: Request<B>) -> Self
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let ticket = Ticket::take(state);
        let (parts, body) = request.into_parts();
        let (index, reply) = state.receive(parts, body.size_hint());
        assert!(!matches!(reply.outcome, Outcome::PanicInCall), "panic in `call`, as scripted");
        ticket.count(|counts| counts.futures += 1);
        Self {
            state: state.clone(),
            index,
            body_reader: Some(Box::pin(read(body))),
            reply,
            ticket: Some(ticket),
        }
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let (true, Some(reader)) = (self.reply.reads_body, &mut self.body_reader) {
            let body = ready!(reader.as_mut().poll(cx));
            self.state.record_body(self.index, body);
            self.body_reader = None;
        }
        Poll::Ready(())
    }

    fn poll_waits(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(remaining) = self.reply.pending_polls.checked_sub(1) {
            self.reply.pending_polls = remaining;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(self.poll_body(cx));
        match &self.reply.gate {
            Some(gate) => gate.poll_open(cx),
            None => Poll::Ready(()),
        }
    }
}

async fn read<B>(body: B) -> RequestBody
where
    B: Body<Error: Into<BoxError>>,
{
    match body.collect().await {
        Ok(collected) => RequestBody::Read {
            trailers: collected.trailers().cloned(),
            bytes: collected.to_bytes(),
        },
        Err(error) => RequestBody::Failed(error.into().to_string()),
    }
}

impl Future for ProbeFuture {
    type Output = Result<Response<ProbeBody>, ProbeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.state.lock().counts.future_polls += 1;
        if self.ticket.is_none() {
            self.state.record_misuse(Misuse::PollAfterCompletion);
            return Poll::Pending;
        }
        ready!(self.poll_waits(cx));
        let ticket = self.ticket.take();
        match &self.reply.outcome {
            Outcome::Respond(response) => {
                Poll::Ready(Ok(response.clone().map(|body| body.with_ticket(ticket))))
            }
            Outcome::Fail(error) => Poll::Ready(Err(*error)),
            Outcome::PanicInCall | Outcome::PanicInFuture => {
                panic!("panic in the future, as scripted")
            }
        }
    }
}

impl Drop for ProbeFuture {
    fn drop(&mut self) {
        let counts = &mut self.state.lock().counts;
        counts.futures -= 1;
        counts.cancelled += usize::from(self.ticket.is_some());
    }
}

impl fmt::Debug for ProbeFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeFuture")
            .field("reply", &self.reply)
            .field("is_done", &self.ticket.is_none())
            .finish_non_exhaustive()
    }
}
