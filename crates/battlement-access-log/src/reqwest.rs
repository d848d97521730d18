//! The client layer around a `reqwest::Client`, which has request and response types of its own.

use std::{
    any::Any,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::reqwest::{Body, Request, Response, ResponseBuilderExt};
use battlement_core::ErrorType;
use http::Uri;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{AccessLog, Client, ResponseBody, ticket::Ticket};

impl<S> Service<Request> for AccessLog<S, Client>
where
    S: Service<Request, Response = Response, Error: 'static>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ReqwestFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.get_mut().poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let Some(mut ticket) = self.open_reqwest(&mut request) else {
            return ReqwestFuture { inner: self.get_mut().call(request), ticket: None };
        };
        let inner = ticket.calling(|| self.get_mut().call(request));
        ReqwestFuture { inner, ticket: Some(ticket) }
    }
}

impl<S> AccessLog<S, Client> {
    /// Opens a ticket for a call. The head is lent to a request of `http` for that, which copies no header.
    fn open_reqwest(&self, request: &mut Request) -> Option<Ticket> {
        if !self.is_on() {
            return None;
        }
        let mut head = http::Request::new(());
        *head.method_mut() = request.method().clone();
        // A URL that reqwest accepts and `http` does not fails before it is sent.
        *head.uri_mut() = request.url().as_str().parse().unwrap_or_else(|_| Uri::default());
        *head.version_mut() = request.version();
        mem::swap(head.headers_mut(), request.headers_mut());
        let ticket = self.open(&mut head);
        mem::swap(head.headers_mut(), request.headers_mut());
        ticket
    }
}

pin_project! {
    /// Future returned by an [`AccessLog`] service around a `reqwest::Client`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ReqwestFuture<F> {
        #[pin]
        inner: F,
        // As in `ResponseFuture`.
        ticket: Option<Ticket>,
    }
}

impl<F, E> Future for ReqwestFuture<F>
where
    F: Future<Output = Result<Response, E>>,
    E: 'static,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(ticket) = this.ticket else {
            return this.inner.poll(cx);
        };
        ticket.enter();
        let polled = this.inner.poll(cx);
        if polled.is_pending() {
            ticket.leave();
        }
        let result = ready!(polled);
        Poll::Ready(match (result, this.ticket.take()) {
            (Ok(response), Some(ticket)) => Ok(recording(response, ticket)),
            (Err(error), Some(ticket)) => {
                ticket.failed(failure(&error));
                Err(error)
            }
            (result, None) => result,
        })
    }
}

/// Returns the type of an error, which is reqwest's own unless a layer inside boxed it.
fn failure<E: 'static>(error: &E) -> ErrorType {
    match (error as &dyn Any).downcast_ref::<::reqwest::Error>() {
        Some(error) => ErrorType::of_standard_error(error),
        None => ErrorType::of_error(error),
    }
}

/// Records the head of a response, and returns the response with a body that records its end.
fn recording(response: Response, ticket: Ticket) -> Response {
    let url = response.url().clone();
    let mut response = http::Response::<Body>::from(response);
    // The conversion back to reqwest's type reads the URL from an extension.
    if let Some(extensions) = http::Response::builder().url(url).extensions_mut() {
        response.extensions_mut().extend(mem::take(extensions));
    }
    ResponseBody::recording(response, ticket).map(Body::wrap).into()
}
