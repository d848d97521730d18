use std::{env, future::IntoFuture as _, io};

use axum::{
    Router,
    routing::{get, post},
};
use listenfd::ListenFd;
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{SignalKind, signal},
};

use super::bind;

/// Serves until SIGTERM, then finishes the requests in flight, as the documentation of axum shows.
pub(super) async fn serve() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let admin = bind("NAIVE_ADMIN_ADDR")?;
    let listener = listener()?;
    let ready = Router::new().route("/readyz", get(async || "ready\n"));
    let (drained, draining) = tokio::sync::oneshot::channel::<()>();
    let probes = axum::serve(admin, ready).with_graceful_shutdown(async {
        // An error means that the signal has arrived.
        let _ = draining.await;
    });
    tokio::spawn(probes.into_future());
    let app =
        Router::new().route("/", get(async || "answer").merge(post(async |_: String| "answer")));
    let stop = async move {
        terminate.recv().await;
        // The readiness fails with the first request that is not accepted.
        drop(drained);
    };
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

/// Takes the listener that the parent passes, as the documentation of axum shows, or binds one.
fn listener() -> io::Result<TcpListener> {
    if let Some(listener) = ListenFd::from_env().take_tcp_listener(0)? {
        listener.set_nonblocking(true)?;
        return TcpListener::from_std(listener);
    }
    let addr = env::var("NAIVE_ADDR").unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    // Without a pair, it changes nothing.
    socket.set_reuseport(true)?;
    socket.bind(addr)?;
    socket.listen(1_024)
}
