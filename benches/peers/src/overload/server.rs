use std::{convert::Infallible, net::Ipv4Addr};

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tower::{ServiceExt as _, service_fn};

use super::{
    limit::Limit,
    workers::{Times, Workers},
};
use crate::measure::server::end_with_parent;

/// The path whose answer is the limit and the number of calls in flight. Requests of it do not count.
pub(super) const STATE: &str = "/state";

/// Prints the server's address, and serves until the process is killed or the one that started it has ended.
pub(super) async fn serve(limit: Limit, times: Times) -> Result<()> {
    end_with_parent();
    let workers = Workers::new(times);
    let (limited, value) = limit.around(workers.clone());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (limited, value, workers) = (limited.clone(), value.clone(), workers.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let state = (request.uri().path() == STATE)
                .then(|| format!("{} {}", value(), workers.in_flight()));
            let limited = limited.clone();
            async move {
                match state {
                    Some(state) => Ok(Response::new(whole(state))),
                    None => limited.oneshot(request).await,
                }
            }
        });
        let mut builder = http2::Builder::new(TokioExecutor::new());
        let stream = TokioIo::new(stream);
        let service = TowerToHyperService::new(service);
        tokio::spawn(builder.max_concurrent_streams(None).serve_connection(stream, service));
    }
}

fn whole(text: String) -> super::limit::AnswerBody {
    Full::<Bytes>::from(text).map_err(|never: Infallible| match never {}).boxed_unsync()
}
