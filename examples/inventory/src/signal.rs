//! When to stop.
//!
//! The same file stands in each of the examples, so that each can be copied alone.

/// Waits for Ctrl-C, or for the SIGTERM that Kubernetes, systemd and `docker stop` send.
pub async fn stop() {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated() => {}
    }
    tracing::info!("stopping: no new requests, waiting for those under way");
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        // Ctrl-C still works, and SIGTERM then ends the process at once, as it does by default.
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            std::future::pending().await
        }
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
