use std::time::Duration;

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};
use tokio_stream::wrappers::TcpListenerStream;

use crate::{HOUR, LIMIT};

/// Returns the time after which an idle connection to tonic ends, which has a maximum age of ten seconds.
async fn ends_after(grace: Option<Duration>) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let mut server = tonic::transport::Server::builder().max_connection_age(LIMIT);
    if let Some(grace) = grace {
        server = server.max_connection_age_grace(grace);
    }
    let routes = axum::Router::new().into();
    let incoming = TcpListenerStream::new(listener);
    let server = tokio::spawn(server.add_routes(routes).serve_with_incoming(incoming));
    let stream = TokioIo::new(TcpStream::connect(addr).await.unwrap());
    let handshake = http2::handshake::<_, _, axum::body::Body>(TokioExecutor::new(), stream);
    let (_client, connection) = handshake.await.unwrap();
    let start = Instant::now();
    // A connection that is dropped ends with an error.
    let _ = timeout(HOUR, connection).await.unwrap();
    server.abort();
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn tonic_ends_an_idle_connection_at_the_maximum_age_only_without_a_grace() {
    let second = Duration::from_secs(1);
    let after = ends_after(None).await;
    assert!(after >= LIMIT && after < LIMIT + second, "{after:?}");
    let after = ends_after(Some(LIMIT)).await;
    assert!(after >= 2 * LIMIT && after < 2 * LIMIT + second, "{after:?}");
}
