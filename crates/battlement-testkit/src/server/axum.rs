use std::{io, net::SocketAddr};

use ::axum::Router;

use super::Server;

impl Server {
    /// Serves `router` by axum, which puts the peer's address into extensions as `ConnectInfo`.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub async fn axum(router: Router) -> io::Result<Self> {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        Self::spawn(|listener, stopped| async {
            let serving = ::axum::serve(listener, service).with_graceful_shutdown(async {
                let _ = stopped.await;
            });
            // axum never returns an error from here.
            let _ = serving.await;
        })
        .await
    }
}
