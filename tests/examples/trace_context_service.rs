//! The service that `cargo xtask trace-context` tests with the W3C trace-context harness.
//!
//! `trace_context_service default|own` listens on a free port, prints its URL, and ends with its standard input. For a
//! POST of `[{"url": .., "arguments": [..]}, ..]` it sends each `arguments` to its `url` by POST, through the layers
//! with the given `TraceContext`.
#![allow(clippy::print_stdout, reason = "the URL is for the program that starts this one")]

use std::{env, io, process, thread};

use axum::{Json, Router, http::StatusCode, routing::post};
use battlement::request_id::{Propagate, PropagateLayer, RequestIdLayer, TraceContext};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use tokio::net::TcpListener;
use tower::{BoxError, Layer, ServiceExt as _};

/// A call that a request asks the service to make.
#[derive(Deserialize)]
struct Call {
    url: String,
    arguments: serde_json::Value,
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let layer = match env::args().nth(1).as_deref() {
        Some("default") => RequestIdLayer::new(),
        Some("own") => RequestIdLayer::new().trace_context(TraceContext::Own),
        other => return Err(format!("expected `default` or `own`, got {other:?}").into()),
    };
    let client = Client::builder(TokioExecutor::new()).build_http();
    let client = PropagateLayer::new().layer(client);
    let respond = move |Json(calls): Json<Vec<Call>>| {
        let client = client.clone();
        async move {
            match make(calls, &client).await {
                Ok(()) => (StatusCode::OK, "[]".to_owned()),
                Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
            }
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/", listener.local_addr()?);
    thread::spawn(end_with_stdin);
    axum::serve(listener, Router::new().route("/", post(respond)).layer(layer)).await?;
    Ok(())
}

async fn make(
    calls: Vec<Call>,
    client: &Propagate<Client<HttpConnector, Full<Bytes>>>,
) -> Result<(), BoxError> {
    for Call { url, arguments } in calls {
        let call = Request::post(url).header("content-type", "application/json");
        let call = call.body(Full::from(serde_json::to_vec(&arguments)?))?;
        client.clone().oneshot(call).await?;
    }
    Ok(())
}

/// Ends the process when the standard input is closed, as it is when the parent process ends.
fn end_with_stdin() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    process::exit(0);
}
