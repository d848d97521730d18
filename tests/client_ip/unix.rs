//! Servers over Unix sockets, whose peers have no address.

use std::{io, path::Path};

use battlement::client_ip::{ClientIp, ClientIpLayer, Forwarding, Proxies, UnixPeer};
use battlement_testkit::{
    client::Collected,
    echo::{EchoClient, EchoServer, Words},
};
use bytes::Bytes;
use http::{Request, header::HOST};
use http_body_util::Empty;
use hyper::{body::Incoming, client::conn, server, service::service_fn};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tonic::{metadata::MetadataMap, transport::Endpoint};
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt};

use crate::responses::{
    Lines, behind_proxies, cases, client_in_header, client_service, headers, router,
};

/// Returns a listener in a folder of its own, which is removed at the end of the test.
fn listener() -> io::Result<(TempDir, UnixListener)> {
    let folder = TempDir::new()?;
    let listener = UnixListener::bind(folder.path().join("socket"))?;
    Ok((folder, listener))
}

async fn get(folder: &Path, lines: &Lines) -> Result<String, BoxError> {
    let stream = UnixStream::connect(folder.join("socket")).await?;
    let (mut sender, connection) = conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.headers_mut() = headers(lines);
    request.headers_mut().insert(HOST, "shop.example".parse()?);
    Ok(Collected::of(sender.send_request(request).await?).await?.text())
}

async fn grpc(folder: &Path, lines: &Lines) -> Result<String, BoxError> {
    let path = folder.join("socket");
    let connector = tower::service_fn(move |_| {
        let path = path.clone();
        async { UnixStream::connect(path).await.map(TokioIo::new) }
    });
    let channel =
        Endpoint::from_static("http://shop.example").connect_with_connector(connector).await?;
    let mut request = tonic::Request::new(Words::new("hello"));
    *request.metadata_mut() = MetadataMap::from_headers(headers(lines));
    let answer = EchoClient::new(channel).say(request).await?;
    Ok(answer.metadata().get("x-client").ok_or("missing x-client")?.to_str()?.to_owned())
}

fn layers() -> impl Iterator<Item = (ClientIpLayer, Vec<(&'static str, &'static str)>, &'static str)>
{
    let behind = cases()
        .into_iter()
        .map(|(forwarding, lines, expected)| (behind_proxies(forwarding), lines, expected));
    // Without a header there is no address, and an untrusted peer's header does not count.
    let silent = (behind_proxies(Forwarding::forwarded()), Vec::new(), "unknown");
    let untrusting = (ClientIpLayer::new(), vec![("x-forwarded-for", "6.6.6.6")], "unknown");
    behind.chain([silent, untrusting])
}

#[tokio::test]
async fn axum_on_a_unix_socket_resolves_the_client_that_a_proxy_reports() -> Result<(), BoxError> {
    for (layer, lines, expected) in layers() {
        let (folder, listener) = listener()?;
        let service = router(layer).into_make_service_with_connect_info::<UnixPeer>();
        let server = tokio::spawn(async { axum::serve(listener, service).await });
        assert_eq!(get(folder.path(), &lines).await?, expected);
        server.abort();
    }
    Ok(())
}

/// Returns the response of a handler that requires the client.
async fn required(layer: ClientIpLayer, lines: &Lines) -> Result<String, BoxError> {
    let (folder, listener) = listener()?;
    let needs = async |client: ClientIp| client.ip.to_string();
    let router = axum::Router::new().route("/", axum::routing::get(needs)).layer(layer);
    let service = router.into_make_service_with_connect_info::<UnixPeer>();
    let server = tokio::spawn(async { axum::serve(listener, service).await });
    let answer = get(folder.path(), lines).await;
    server.abort();
    answer
}

#[tokio::test]
async fn an_extractor_over_a_trusted_socket_reports_a_missing_header() -> Result<(), BoxError> {
    let trusting = || ClientIpLayer::behind(Proxies::unix(), Forwarding::x_forwarded_for());
    assert_eq!(required(trusting(), &[("x-forwarded-for", "192.0.2.1")]).await?, "192.0.2.1");
    let missing = required(trusting(), &[]).await?;
    assert!(missing.contains("without the header `x-forwarded-for`"), "{missing}");
    let unusable = required(trusting(), &[("x-forwarded-for", "unknown")]).await?;
    assert!(unusable.contains("header `x-forwarded-for` contains no address"), "{unusable}");
    let untrusted = required(ClientIpLayer::new(), &[("x-forwarded-for", "6.6.6.6")]).await?;
    assert!(untrusted.contains("a Unix socket that is not trusted"), "{untrusted}");
    Ok(())
}

#[tokio::test]
async fn an_extractor_behind_a_tapped_listener_reports_a_missing_header() -> Result<(), BoxError> {
    use axum::serve::ListenerExt as _;
    use tokio::net::unix::SocketAddr;

    for (layer, lines, expected) in layers() {
        let (folder, listener) = listener()?;
        let service = router(layer).into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async { axum::serve(listener.tap_io(|_| {}), service).await });
        assert_eq!(get(folder.path(), &lines).await?, expected);
        server.abort();
    }
    Ok(())
}

#[tokio::test]
async fn hyper_on_a_unix_socket_resolves_the_client_that_a_proxy_reports() -> Result<(), BoxError> {
    for (layer, lines, expected) in layers() {
        let (folder, listener) = listener()?;
        let service = layer.layer(client_service::<Incoming>());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let per_request = service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(UnixPeer);
                service.clone().oneshot(request)
            });
            let _ = server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), per_request)
                .await;
        });
        assert_eq!(get(folder.path(), &lines).await?, expected);
        server.abort();
    }
    Ok(())
}

#[tokio::test]
async fn tonic_on_a_unix_socket_resolves_the_client_that_a_proxy_reports() -> Result<(), BoxError> {
    for (layer, lines, expected) in layers() {
        let (folder, listener) = listener()?;
        let layers = ServiceBuilder::new().layer(layer).map_request(client_in_header);
        let router = tonic::transport::Server::builder().layer(layers).add_service(EchoServer);
        let incoming = tokio_stream::wrappers::UnixListenerStream::new(listener);
        let server = tokio::spawn(router.serve_with_incoming(incoming));
        assert_eq!(grpc(folder.path(), &lines).await?, expected);
        server.abort();
    }
    Ok(())
}
