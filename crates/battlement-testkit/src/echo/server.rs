use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use tokio_stream::Iter;
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, StdError},
    metadata::MetadataMap,
    server::{Grpc, NamedService, ServerStreamingService, UnaryService},
};
use tonic_prost::ProstCodec;
use tower::Service;

use super::Words;

/// The echo service.
#[derive(Clone, Copy, Debug, Default)]
pub struct EchoServer;

impl NamedService for EchoServer {
    const NAME: &'static str = "battlement.testkit.Echo";
}

impl<B> Service<http::Request<B>> for EchoServer
where
    B: http_body::Body<Data: Send, Error: Into<StdError> + Send> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let mut grpc = Grpc::new(ProstCodec::default());
        match request.uri().path() {
            "/battlement.testkit.Echo/Say" => {
                Box::pin(async move { Ok(grpc.unary(Say, request).await) })
            }
            "/battlement.testkit.Echo/Repeat" => {
                Box::pin(async move { Ok(grpc.server_streaming(Repeat, request).await) })
            }
            _ => Box::pin(ready(Ok(Status::unimplemented("unknown method").into_http()))),
        }
    }
}

struct Say;

impl UnaryService<Words> for Say {
    type Response = Words;
    type Future = Ready<Result<Response<Words>, Status>>;

    fn call(&mut self, request: Request<Words>) -> Self::Future {
        let (metadata, _, words) = request.into_parts();
        let metadata = echoed_metadata(&metadata);
        ready(match status(&words, &metadata) {
            Some(status) => Err(status),
            None => Ok(with_metadata(words, metadata)),
        })
    }
}

struct Repeat;

impl ServerStreamingService<Words> for Repeat {
    type Response = Words;
    type ResponseStream = Iter<std::vec::IntoIter<Result<Words, Status>>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Words>) -> Self::Future {
        let (metadata, _, words) = request.into_parts();
        let metadata = echoed_metadata(&metadata);
        let mut messages: Vec<_> = (0..words.times).map(|_| Ok(words.clone())).collect();
        messages.extend(status(&words, &metadata).map(Err));
        ready(Ok(with_metadata(tokio_stream::iter(messages), metadata)))
    }
}

fn status(words: &Words, metadata: &MetadataMap) -> Option<Status> {
    let code = Code::from(words.code);
    (code != Code::Ok).then(|| Status::with_metadata(code, &words.text, metadata.clone()))
}

fn with_metadata<T>(message: T, metadata: MetadataMap) -> Response<T> {
    Response::from_parts(metadata, message, http::Extensions::new())
}

fn echoed_metadata(metadata: &MetadataMap) -> MetadataMap {
    let mut headers = metadata.clone().into_headers();
    let others: Vec<_> =
        headers.keys().filter(|name| !name.as_str().starts_with("x-")).cloned().collect();
    for name in others {
        headers.remove(name);
    }
    MetadataMap::from_headers(headers)
}
