//! Faults inside the layer, selected by a header.

use std::{
    future::pending,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use battlement::{problem::ProblemLayer, request_id::RequestIdLayer};
use battlement_core::{Answer, Caller, Rejection, RejectionKind, ResponseBody};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use tower::{BoxError, Layer, Service, ServiceBuilder, layer::util::Stack};

/// The header that selects a fault.
pub(crate) const FAULT: &str = "x-fault";

/// The faults, each with the status, the code, and the code for gRPC callers of its answer.
pub(crate) const FAULTS: [(&str, u16, &str, &str); 10] = [
    ("panic", 500, "internal", "13"),
    ("error", 500, "internal", "13"),
    ("timeout", 504, "timeout", "4"),
    ("too large", 413, "payload_too_large", "8"),
    ("malformed", 400, "bad_request", "3"),
    ("not found", 404, "not_found", "12"),
    ("method", 405, "method_not_allowed", "12"),
    ("media type", 415, "unsupported_media_type", "3"),
    ("rejected", 429, "rate_limited", "8"),
    ("circuit open", 503, "circuit_open", "14"),
];

/// A secret that no caller may read.
pub(crate) const SECRET: &str = "hunter2";

type Inner = Stack<FaultLayer, Stack<tower::timeout::TimeoutLayer, Outer>>;
type Outer = Stack<ProblemLayer, Stack<RequestIdLayer, tower::layer::util::Identity>>;

/// Returns the layers of every server: request ids outermost, then problems, a timeout, and the fault.
pub(crate) fn stack() -> ServiceBuilder<Inner> {
    ServiceBuilder::new()
        .layer(RequestIdLayer::new())
        .layer(ProblemLayer::new())
        .timeout(Duration::from_millis(50))
        .layer(FaultLayer)
}

#[derive(Clone, Copy)]
pub(crate) struct FaultLayer;

#[derive(Clone)]
pub(crate) struct Faulty<S>(S);

impl<S> Layer<S> for FaultLayer {
    type Service = Faulty<S>;

    fn layer(&self, inner: S) -> Faulty<S> {
        Faulty(inner)
    }
}

type Answered<B> = Result<Response<ResponseBody<B>>, BoxError>;

impl<S, B, RB> Service<Request<B>> for Faulty<S>
where
    S: Service<Request<B>, Response = Response<RB>, Error: Into<BoxError>>,
    S::Future: Send + 'static,
    RB: Send + 'static,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Answered<RB>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(fault) = request.headers().get(FAULT) else {
            let call = self.0.call(request);
            return Box::pin(async {
                Ok(call.await.map_err(Into::into)?.map(ResponseBody::inner))
            });
        };
        let (fault, caller) = (fault.to_str().unwrap().to_owned(), Caller::of(&request));
        Box::pin(async move { happen(&fault, caller).await })
    }
}

async fn happen<B>(fault: &str, caller: Caller) -> Answered<B> {
    match fault {
        "panic" => panic!("the password is {SECRET}"),
        "error" => Err(io::Error::other(format!("no such user: {SECRET}")).into()),
        "timeout" => pending().await,
        "too large" => {
            let body = Limited::new(Full::<Bytes>::from("far too long"), 3);
            Err(body.collect().await.unwrap_err())
        }
        "malformed" => bare(400, "expected value at line 1"),
        "not found" => bare(404, ""),
        "method" => bare(405, ""),
        "media type" => bare(415, "expected JSON"),
        "rejected" => {
            let wait = Duration::from_secs(7);
            let rejection = Rejection::new(RejectionKind::RateLimited).retry_in(wait);
            Ok(Answer::new(rejection).response(caller))
        }
        "circuit open" => Err(Rejection::new(RejectionKind::CircuitOpen).into()),
        fault => panic!("{fault} is no fault there is"),
    }
}

fn bare<B>(status: u16, text: &'static str) -> Answered<B> {
    let mut response = Response::new(ResponseBody::own(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = StatusCode::from_u16(status)?;
    Ok(response)
}
