use std::{
    convert::Infallible,
    future,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use anyhow::{Result, bail};
use axum::{Router, routing::get};
use battlement_serve::{Listener, Server};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, runtime, sync::Notify};
use tower::service_fn;

use crate::measure::{cores::Core, server::end_with_parent};

/// The body of every response.
pub(super) const BODY: &str = "hello";

/// Counts requests, and ends the process after a number of them.
#[derive(Clone)]
struct Left(Option<Arc<(AtomicU64, Notify)>>);

impl Left {
    fn request(&self) {
        if let Some(left) = &self.0
            && left.0.fetch_sub(1, Relaxed) == 1
        {
            left.1.notify_one();
        }
    }

    async fn ended(&self) {
        match &self.0 {
            Some(left) => left.1.notified().await,
            None => future::pending().await,
        }
    }
}

/// Prints the server's address, and serves until this many requests have been served, the process is killed, or the one
/// that started it has ended.
pub(super) fn serve(kind: &str, requests: Option<u64>) -> Result<()> {
    end_with_parent();
    let left = Left(requests.map(|requests| Arc::new((AtomicU64::new(requests), Notify::new()))));
    let loops = kind.starts_with("loops-");
    let runtime = if loops {
        runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?
    } else {
        Core(0).pin()?;
        runtime::Builder::new_current_thread().enable_all().build()?
    };
    runtime.block_on(async {
        tokio::select! {
            result = run(kind, left.clone()) => result,
            () = left.ended() => Ok(()),
        }
    })
}

async fn run(kind: &str, left: Left) -> Result<()> {
    if kind == "loops-2" {
        // A free port, which both sockets bind.
        let addr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        let listener = Listener::reuse_port(addr, 2).await?;
        println!("{addr}");
        return ours(Server::new(listener), left).await;
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    match kind {
        "hyper" => of_hyper(listener, left, &http1::Builder::new()).await,
        "hyper-timer" => {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new());
            of_hyper(listener, left, &builder).await
        }
        "hyper-http2" => of_hyper_http2(listener, left).await,
        "ours" | "loops-1" => ours(Server::new(listener), left).await,
        "axum" => {
            let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
                let _ = stream.set_nodelay(true);
            });
            Ok(axum::serve(listener, router(left)).await?)
        }
        "axum-ours" => {
            Server::new(listener).serve(router(left)).await?;
            Ok(())
        }
        _ => bail!("unknown server kind {kind:?}"),
    }
}

fn router(left: Left) -> Router {
    Router::new().route(
        "/",
        get(async move || {
            left.request();
            BODY
        }),
    )
}

async fn ours(server: Server, left: Left) -> Result<()> {
    server.serve(service_fn(move |request| answer(request, left.clone()))).await?;
    Ok(())
}

async fn of_hyper(listener: TcpListener, left: Left, builder: &http1::Builder) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let left = left.clone();
        let service = service_fn(move |request| answer(request, left.clone()));
        let service = TowerToHyperService::new(service);
        tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
    }
}

async fn of_hyper_http2(listener: TcpListener, left: Left) -> Result<()> {
    let builder = http2::Builder::new(TokioExecutor::new());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let left = left.clone();
        let service = service_fn(move |request| answer(request, left.clone()));
        let service = TowerToHyperService::new(service);
        tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(_: Request<Incoming>, left: Left) -> Result<Response<Full<Bytes>>, Infallible> {
    left.request();
    Ok(Response::new(Full::from(BODY)))
}
