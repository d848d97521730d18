use std::fmt::Debug;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tonic::{
    client::GrpcService,
    codegen::StdError,
    transport::{Channel, server::Router},
};
use tower::{Layer, Service, ServiceExt as _, service_fn};

use crate::{
    client::Collected,
    echo::{EchoClient, EchoServer, Words},
    server::Server,
};

type HyperUtil<B = Full<Bytes>> = Client<HttpConnector, B>;

const KEPT: &str = "x-kept";
const VALUE: HeaderValue = HeaderValue::from_static("yes");

/// Checks that calls through `layer` arrive and are answered, around hyper-util's client, a tonic channel and a
/// `reqwest::Client`.
///
/// # Panics
///
/// Panics if a call fails, or if its header or body is lost.
pub async fn client<L, H, T, R, B>(layer: &L)
where
    L: Layer<HyperUtil, Service = H>,
    L: Layer<Channel, Service = T>,
    L: Layer<reqwest::Client, Service = R>,
    H: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug>,
    B: Body<Data = Bytes, Error: Debug>,
    T: GrpcService<tonic::body::Body>,
    T::ResponseBody: Body<Data = Bytes, Error: Into<StdError>> + Send + 'static,
    R: Service<reqwest::Request, Response = reqwest::Response, Error: Debug>,
{
    hyper_util::<_, _, Full<Bytes>, _>(layer).await;
    reqwest(layer).await;
    tonic(layer).await;
}

/// Checks that calls through `layer` arrive and are answered, around hyper-util's client, whose request body is `C`.
///
/// # Panics
///
/// Panics if a call fails, or if its header or body is lost.
pub async fn hyper_util<L, H, C, B>(layer: &L)
where
    L: Layer<HyperUtil<C>, Service = H>,
    H: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug>,
    C: Body<Data: Send> + Send,
    B: Body<Data = Bytes, Error: Debug>,
{
    let hyper_util = Client::builder(TokioExecutor::new()).build_http();
    call_hyper_util(layer.layer(hyper_util)).await;
}

/// Checks that calls through `layer` arrive and are answered, around a `reqwest::Client`.
///
/// # Panics
///
/// Panics if a call fails, or if its header or body is lost.
pub async fn reqwest<L, R>(layer: &L)
where
    L: Layer<::reqwest::Client, Service = R>,
    R: Service<::reqwest::Request, Response = ::reqwest::Response, Error: Debug>,
{
    call_reqwest(layer.layer(::reqwest::Client::new())).await;
}

/// Checks that calls through `layer` arrive and are answered, around a tonic channel.
///
/// # Panics
///
/// Panics if a call fails, or if its header or body is lost.
pub async fn tonic<L, T>(layer: &L)
where
    L: Layer<Channel, Service = T>,
    T: GrpcService<::tonic::body::Body>,
    T::ResponseBody: Body<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    let router: Router = ::tonic::transport::Server::builder().add_service(EchoServer);
    let server = Server::tonic(router).await.expect("a loopback port is free");
    let channel = Channel::from_shared(server.url("")).expect("a URL").connect_lazy();
    call_tonic(layer.layer(channel)).await;
}

/// Starts a server that echoes the body and the header of each request.
async fn echo() -> Server {
    let echo = service_fn(|request: Request<Incoming>| async {
        let (parts, body) = request.into_parts();
        let mut response = Response::new(Full::new(body.collect().await?.to_bytes()));
        if let Some(kept) = parts.headers.get(KEPT) {
            response.headers_mut().insert(KEPT, kept.clone());
        }
        Ok::<_, hyper::Error>(response)
    });
    Server::http1(echo).await.expect("a loopback port is free")
}

async fn call_hyper_util<S, B>(service: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug>,
    B: Body<Data = Bytes, Error: Debug>,
{
    let server = echo().await;
    let mut request = Request::new(Full::from("hello"));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = server.url("/").parse().expect("a URL");
    request.headers_mut().insert(KEPT, VALUE);
    let response = service.oneshot(request).await.expect("hyper-util's client calls");
    let response = Collected::of(response).await.expect("the response of hyper-util is read");
    assert_eq!(response.headers.get(KEPT), Some(&VALUE), "hyper-util");
    assert_eq!(response.text(), "hello", "hyper-util");
}

async fn call_reqwest<S>(service: S)
where
    S: Service<reqwest::Request, Response = reqwest::Response, Error: Debug>,
{
    let server = echo().await;
    let request = reqwest::Client::new().post(server.url("/")).header(KEPT, VALUE).body("hello");
    let request = request.build().expect("a valid request");
    let response = service.oneshot(request).await.expect("reqwest calls");
    assert_eq!(response.headers().get(KEPT), Some(&VALUE), "reqwest");
    let body = response.bytes().await.expect("the response of reqwest is read");
    assert_eq!(&*body, b"hello", "reqwest");
}

async fn call_tonic<T>(channel: T)
where
    T: GrpcService<tonic::body::Body>,
    T::ResponseBody: Body<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    let mut words = tonic::Request::new(Words { text: "hello".to_owned(), ..Words::default() });
    words.metadata_mut().insert(KEPT, "yes".parse().expect("visible ASCII"));
    let response = EchoClient::new(channel).say(words).await.expect("tonic calls");
    let kept = response.metadata().get(KEPT).map(tonic::metadata::MetadataValue::as_bytes);
    assert_eq!(kept, Some(&b"yes"[..]), "tonic");
    assert_eq!(response.into_inner().text, "hello", "tonic");
}
