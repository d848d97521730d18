//! A service whose shutdown tests observe: `shutdown_service [option=value]..`, see [`Options`].
#![allow(clippy::print_stdout, reason = "the addresses are for the test that starts this program")]

mod admin;
mod hooks;
mod log;
mod options;
mod panics;
mod routes;

use std::{error::Error, net::Ipv4Addr, time::Duration};

use battlement_problem::ProblemLayer;
use battlement_request_id::RequestIdLayer;
use battlement_shutdown::{Phase, Report, Shutdown, Systemd};
use tokio::{net::TcpListener, time::sleep};
use tokio_stream::wrappers::TcpListenerStream;

use crate::options::{Options, ServerKind};

#[tokio::main]
async fn main() -> Result<Report, Box<dyn Error>> {
    let options = Options::read();
    log::init(options.log_blocks);
    let shutdown = Shutdown::try_new(options.times)?
        .strict(options.strict)
        .systemd(Systemd::from_env().stop_timeout(Duration::from_secs(3)).alive(|| true));
    let shutdown = panics::install(shutdown, &options);
    println!("starting");
    sleep(options.start).await;
    let report = serve(shutdown, &options).await?;
    if options.returns { Ok(report) } else { report.exit() }
}

async fn serve(shutdown: Shutdown, options: &Options) -> Result<Report, Box<dyn Error>> {
    let (listener, admin) = (bind().await?, bind().await?);
    println!("app {}", listener.local_addr()?);
    println!("admin {}", admin.local_addr()?);
    hooks::register(&shutdown.handle(), options.hook.as_deref());
    let problems = ProblemLayer::new().enabled(options.caught.is_some());
    let app =
        routes::app(&shutdown.handle()).layer((RequestIdLayer::new(), shutdown.layer(), problems));
    let stop = shutdown.phases().reached(Phase::Stopping);
    let shutdown = admin::start(shutdown, admin, options.admin_thread)?;
    Ok(match options.server {
        ServerKind::Axum => {
            shutdown.run(axum::serve(listener, app).with_graceful_shutdown(stop)).await
        }
        ServerKind::Tonic => {
            let incoming = TcpListenerStream::new(listener);
            let routes = tonic::service::Routes::from(app);
            let server = tonic::transport::Server::builder().add_routes(routes);
            shutdown.run(server.serve_with_incoming_shutdown(incoming, stop)).await
        }
    })
}

async fn bind() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}
