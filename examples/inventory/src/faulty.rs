//! Lets calls fail by command, inside all layers.

use std::{
    future::{Future, pending},
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use tokio::time::sleep;
use tonic::{Status, body::Body};
use tower::Service;

use crate::{
    faults::{Fault, Faults, Truncated},
    reset::Reset,
};

type Answer = Response<Truncated<Body>>;

/// A service whose calls fail by command.
#[derive(Clone)]
pub(crate) struct Faulty<S> {
    pub(crate) inner: S,
    pub(crate) faults: Faults,
}

impl<S> Service<Request<Body>> for Faulty<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Future: Send>,
    S: Clone + Send + 'static,
{
    type Response = Answer;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let fault = self.faults.next(request.extensions().get());
        // The clone is not ready yet, and takes the place of the service that is.
        let clone = self.inner.clone();
        Box::pin(respond(mem::replace(&mut self.inner, clone), request, fault))
    }
}

async fn respond<S>(
    mut service: S,
    request: Request<Body>,
    fault: Option<Fault>,
) -> Result<Answer, S::Error>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    let reset = request.extensions().get().cloned();
    if let Some(fault) = fault.filter(|fault| fault.is_before_work()) {
        return Ok(fail(fault, reset).await);
    }
    let response = service.call(request).await?;
    match fault {
        Some(Fault::Slow(delay)) => sleep(delay).await,
        Some(Fault::Truncate) => return Ok(response.map(Truncated::broken)),
        Some(fault) => return Ok(fail(fault, reset).await),
        None => {}
    }
    Ok(response.map(Truncated::whole))
}

/// Fails in place of the answer. A connection that is reset sends nothing of the response.
async fn fail(fault: Fault, reset: Option<Reset>) -> Answer {
    if fault == Fault::Hang {
        // Ends when the caller cancels the call, or at its deadline.
        pending::<()>().await;
    }
    if fault.is_reset()
        && let Some(reset) = reset
    {
        reset.request();
    }
    let message = "the call fails by command";
    let status = match fault {
        Fault::Internal => Status::internal(message),
        _ => Status::unavailable(message),
    };
    status.into_http().map(Truncated::whole)
}
