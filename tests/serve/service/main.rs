//! A service whose listeners and end the test `serve` observes from outside.
//!
//! Options: `listen=ADDRESS|env` (`env` takes the listeners that the parent passes), `admin=ADDRESS`, `connections=N`,
//! `first_request=SECONDS`.
#![allow(clippy::print_stdout, reason = "the test reads the addresses")]

use std::{convert::Infallible, env, io, process::ExitCode, time::Duration};

use battlement_serve::{Limits, Listener, Listeners, Server};
use battlement_shutdown::Shutdown;
use hyper::{Request, Response, body::Incoming};
use tower::{ServiceBuilder, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<ExitCode> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let public = public().await?;
    println!(
        "app {}",
        public.local_addr().map_or_else(|| "unix".to_owned(), |addr| addr.to_string())
    );
    let shutdown = Shutdown::new();
    let mut server = Server::new(public).limits(limits()?).phases(shutdown.phases());
    if let Some(addr) = option("admin") {
        let admin = Listener::tcp(addr).await?.name("admin").connections(4);
        println!("admin {}", admin.local_addr().ok_or(io::ErrorKind::AddrNotAvailable)?);
        server = server.listener(admin);
    }
    let service = ServiceBuilder::new().layer(shutdown.layer()).service(service_fn(
        async |_: Request<Incoming>| Ok::<_, Infallible>(Response::new("hello".to_owned())),
    ));
    let report = shutdown.run(server.serve(service)).await;
    Ok((&report).into())
}

fn limits() -> io::Result<Limits> {
    let mut limits = Limits::new();
    if let Some(connections) = option("connections") {
        limits = limits.connections(connections.parse::<usize>().map_err(io::Error::other)?);
    }
    if let Some(seconds) = option("first_request") {
        let seconds = seconds.parse().map_err(io::Error::other)?;
        limits = limits.first_request(Duration::from_secs(seconds));
    }
    Ok(limits)
}

async fn public() -> io::Result<Listener> {
    match option("listen").as_deref() {
        Some("env") => {
            let mut listeners = Listeners::from_env()?;
            let names: Vec<_> = listeners.names().collect();
            println!("names {}", names.join(" "));
            listeners
                .take("public")
                .ok_or_else(|| io::Error::other("no listener is called `public`"))
        }
        addr => Listener::tcp(addr.unwrap_or("127.0.0.1:0")).await,
    }
}

/// Returns the value of an option in the arguments.
fn option(name: &str) -> Option<String> {
    env::args().find_map(|argument| {
        let (key, value) = argument.split_once('=')?;
        (key == name).then(|| value.to_owned())
    })
}
