use std::{io, net::SocketAddr};

use ::axum::Router;

use super::Server;

impl Server {
    /// Serves `router` with axum, which adds the peer address to the request extensions as `ConnectInfo`.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    pub async fn axum(router: Router) -> io::Result<Self> {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        Self::spawn(|listener, stopped| async {
            let serving = ::axum::serve(listener, service).with_graceful_shutdown(async {
                let _ = stopped.await;
            });
            // `axum::serve` never returns an error.
            let _ = serving.await;
        })
        .await
    }
}
