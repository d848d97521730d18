use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use http_body_util::BodyExt as _;
use tower::BoxError;

use super::{ProbeBody, ProbeError, RequestBody, pending::Pending, received::Log};

/// The response future of a [`Probe`](crate::probe::Probe).
pub struct ProbeFuture {
    pending: Pending<Response<ProbeBody>>,
    log: Log,
    index: usize,
    /// Owns the request body and reads it when polled; `None` once the body is read.
    body_reader: Option<BodyReader>,
}

type BodyReader = Pin<Box<dyn Future<Output = RequestBody> + Send>>;

impl ProbeFuture {
    pub(super) fn new<B>(
        pending: Pending<Response<ProbeBody>>,
        log: &Log,
        index: usize,
        body: B,
    ) -> Self
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let body_reader: Option<BodyReader> = Some(Box::pin(read(body)));
        Self { pending, log: log.clone(), index, body_reader }
    }

    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let (true, Some(reader)) = (self.pending.reads_body(), &mut self.body_reader) {
            let body = ready!(reader.as_mut().poll(cx));
            self.log.record_body(self.index, body);
            self.body_reader = None;
        }
        Poll::Ready(())
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
        ready!(self.pending.poll_turn(cx));
        ready!(self.poll_body(cx));
        ready!(self.pending.poll_gate(cx));
        let (outcome, ticket) = self.pending.complete();
        Poll::Ready(outcome.map(|response| response.map(|body| body.with_ticket(ticket))))
    }
}

impl fmt::Debug for ProbeFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeFuture").field("pending", &self.pending).finish_non_exhaustive()
    }
}
