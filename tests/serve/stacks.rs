//! The services that people have: an axum router, tonic's routes, and a plain tower service, over HTTP/1 and HTTP/2.

use std::{convert::Infallible, net::SocketAddr};

use axum::{Router, extract::ConnectInfo, routing::get};
use battlement::{
    client_ip::{ClientIp, ClientIpLayer},
    request_id::RequestIdLayer,
    serve::{Listener, serve},
};
use battlement_testkit::{
    client::{Http1, Http2},
    echo::{EchoClient, EchoServer, Words},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tonic::{Code, service::Routes, transport::Channel};
use tower::{BoxError, ServiceBuilder, service_fn};

async fn bind() -> Result<(Listener, SocketAddr), BoxError> {
    let listener = Listener::tcp("127.0.0.1:0").await?;
    let addr = listener.local_addr().ok_or("no address")?;
    Ok((listener, addr))
}

/// Sends the same request over both protocols, and returns both texts.
async fn both(addr: SocketAddr, path: &str) -> Result<[String; 2], BoxError> {
    let http1 = Http1::connect(addr).await?.get(path).await?;
    let http2 = Http2::connect(addr).await?.get(path).await?;
    assert_eq!((http1.status.as_u16(), http2.status.as_u16()), (200, 200));
    Ok([http1.text(), http2.text()])
}

#[tokio::test]
async fn a_router_of_axum_has_its_client_and_its_connect_info() -> Result<(), BoxError> {
    let client = async |ConnectInfo(peer): ConnectInfo<SocketAddr>, client: ClientIp| {
        format!("{} {}", peer.ip(), client.ip)
    };
    let layers = ServiceBuilder::new().layer(RequestIdLayer::new()).layer(ClientIpLayer::new());
    let (listener, addr) = bind().await?;
    tokio::spawn(serve(listener, Router::new().route("/", get(client)).layer(layers)));
    assert_eq!(both(addr, "/").await?, ["127.0.0.1 127.0.0.1", "127.0.0.1 127.0.0.1"]);
    Ok(())
}

#[tokio::test]
async fn a_listener_of_tokio_and_one_of_std_are_served() -> Result<(), BoxError> {
    let app = Router::new().route("/", get("hello"));
    let tokio = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let std = std::net::TcpListener::bind("127.0.0.1:0")?;
    let addrs = [tokio.local_addr()?, std.local_addr()?];
    tokio::spawn(serve(tokio, app.clone()));
    tokio::spawn(serve(std, app));
    for addr in addrs {
        assert_eq!(both(addr, "/").await?, ["hello", "hello"]);
    }
    Ok(())
}

#[tokio::test]
async fn a_plain_service_streams_its_request_back() -> Result<(), BoxError> {
    let echo =
        async |request: Request<Incoming>| Ok::<_, Infallible>(Response::new(request.into_body()));
    let (listener, addr) = bind().await?;
    let service = ServiceBuilder::new().layer(RequestIdLayer::new()).service(service_fn(echo));
    tokio::spawn(serve(listener, service));
    let body = Bytes::from(vec![b'x'; 3 << 20]);
    let request = || Request::post("/").body(Full::new(body.clone()));
    let http1 = Http1::connect(addr).await?.send(request()?).await?.into_body();
    let http2 = Http2::connect(addr).await?.send(request()?).await?.into_body();
    assert!(http1.collect().await?.to_bytes() == body, "over HTTP/1");
    assert!(http2.collect().await?.to_bytes() == body, "over HTTP/2");
    Ok(())
}

#[tokio::test]
async fn routes_of_tonic_answer_calls_streams_and_errors() -> Result<(), BoxError> {
    let (listener, addr) = bind().await?;
    tokio::spawn(serve(listener, Routes::new(EchoServer)));
    let channel = Channel::from_shared(format!("http://{addr}"))?.connect().await?;
    let mut client = EchoClient::new(channel);
    let words = |times, code| Words { text: "hello".into(), times, code };
    assert_eq!(client.say(words(0, 0)).await?.into_inner().text, "hello");
    let mut stream = client.repeat(words(3, 0)).await?.into_inner();
    let mut count = 0;
    while let Some(words) = stream.message().await? {
        assert_eq!(words.text, "hello");
        count += 1;
    }
    assert_eq!(count, 3);
    let status = client.say(words(0, Code::NotFound as i32)).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn a_router_of_axum_is_served_on_a_unix_socket() -> Result<(), BoxError> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shop.sock");
    let client = async |client: Option<ClientIp>, request: axum::extract::Request| {
        let peer = battlement::core::Peer::in_extensions(request.extensions());
        format!("{peer:?} {}", client.is_some())
    };
    let app = Router::new().route("/", get(client)).layer(ClientIpLayer::new());
    tokio::spawn(serve(Listener::unix(&path).bind()?, app));
    let mut stream = tokio::net::UnixStream::connect(&path).await?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.ends_with("Some(Unix) false"), "{answer}");
    Ok(())
}
