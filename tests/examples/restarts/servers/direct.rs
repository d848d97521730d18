//! A server without a balancer, which shares its address with the instance that replaces it.

use std::{env, io, time::Duration};

use axum::{
    Router,
    routing::{get, post},
};
use battlement::{
    health::Health,
    serve::{Listener, Listeners, Server},
    shutdown::{Report, Shutdown},
};

use super::bind;

const DELAY: Duration = Duration::from_secs(1);

pub(super) async fn serve() -> io::Result<Report> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let mut listeners = Listeners::from_env()?;
    let shutdown = Shutdown::new().delay(DELAY);
    let phases = shutdown.phases();
    let health = Health::builder().phases(phases.clone()).build();
    let probes = Router::new().fallback_service(health.service());
    let admin = Listener::from(bind("DIRECT_ADMIN_ADDR")?).name("admin");
    let shutdown = shutdown.admin(Server::new(admin).serve(probes));
    let app = Router::new()
        .route("/", get(async || "answer").merge(post(async |_: String| "answer")))
        .layer(shutdown.layer());
    let listener = match listeners.take("public") {
        Some(listener) => listener,
        None => Listener::reuse_port(env::var("DIRECT_ADDR").unwrap(), 1).await?,
    };
    Ok(shutdown.run(Server::new(listener).phases(phases).serve(app)).await)
}
