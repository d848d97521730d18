//! The service of one connection, which gives each request its peer and records its beginning and its end.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use battlement_core::{ConnectionScheme, Peer, PeerAddr, Scheme, UnixPeer, announce_close};
use http::{Extensions, Method, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    End, Protocol,
    body::{ResponseBody, Ticket},
    state::State,
};

/// The service of one connection.
#[derive(Debug)]
pub(crate) struct RequestService<S> {
    service: S,
    /// The values that each request carries: its peer, and those of the application.
    extensions: Extensions,
    state: Arc<State>,
}

impl<S> RequestService<S> {
    pub(crate) fn new(
        service: S,
        peer: Peer,
        mut extensions: Extensions,
        state: Arc<State>,
    ) -> Self {
        insert(peer, &mut extensions);
        if state.is_secure() {
            extensions.insert(ConnectionScheme(Scheme::Https));
        }
        Self { service, extensions, state }
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for RequestService<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
{
    type Response = Response<ResponseBody<B>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, S::Future>;

    #[inline]
    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let count = self.state.marks.begin(!request.body().is_end_stream());
        if self.state.config.limits.requests.is_some_and(|most| count >= most) {
            self.state.announce_close();
        }
        // A copy of a whole map is cheaper than insertions.
        let extensions = self.extensions.clone();
        if request.extensions().is_empty() {
            *request.extensions_mut() = extensions;
        } else {
            request.extensions_mut().extend(extensions);
        }
        ResponseFuture {
            connects: request.method() == Method::CONNECT,
            step: Step::Ready { service: self.service.clone(), request: Some(request) },
            ticket: Some(Ticket::new(Arc::clone(&self.state))),
        }
    }
}

/// Inserts the peer, as battlement and axum read it.
fn insert(peer: Peer, extensions: &mut Extensions) {
    match peer {
        Peer::Addr(addr) => {
            extensions.insert(PeerAddr(addr));
            #[cfg(feature = "axum")]
            extensions.insert(axum::extract::ConnectInfo(addr));
        }
        _ => {
            extensions.insert(UnixPeer);
            #[cfg(feature = "axum")]
            extensions.insert(axum::extract::ConnectInfo(UnixPeer));
        }
    }
}

pin_project! {
    /// The response of a service, once it is ready.
    pub(crate) struct ResponseFuture<S, F> {
        #[pin]
        step: Step<S, F>,
        ticket: Option<Ticket>,
        // Whether the request asks for a tunnel.
        connects: bool,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<S, F> {
        Ready { service: S, request: Option<Request<Incoming>> },
        Called { #[pin] future: F },
    }
}

impl<S, B> Future for ResponseFuture<S, S::Future>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
{
    type Output = Result<Response<ResponseBody<B>>, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.step.as_mut().project() {
                StepProjection::Ready { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let Some(request) = request.take() else { return Poll::Pending };
                    let future = service.call(request);
                    this.step.set(Step::Called { future });
                }
                StepProjection::Called { future } => {
                    let response = ready!(future.poll(cx))?;
                    return Poll::Ready(Ok(answered(response, this.ticket.take(), *this.connects)));
                }
            }
        }
    }
}

#[inline]
fn answered<B>(
    mut response: Response<B>,
    ticket: Option<Ticket>,
    connects: bool,
) -> Response<ResponseBody<B>> {
    if let Some(ticket) = &ticket {
        let state = ticket.state();
        let is_tunnel = connects && response.status().is_success();
        if is_tunnel {
            state.marks.tunnel();
        }
        if state.protocol() == Some(Protocol::Http1) {
            if is_tunnel || response.status() == StatusCode::SWITCHING_PROTOCOLS {
                state.end_with(End::Upgraded);
            } else if state.is_closing() {
                announce_close(response.headers_mut());
            }
        }
    }
    response.map(|body| ResponseBody::new(body, ticket))
}
